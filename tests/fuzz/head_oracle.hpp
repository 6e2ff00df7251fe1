#pragma once

#include <functional>
#include <string_view>

#include "base/error.hpp"
#include "fault.hpp"
#include "http/header_check.hpp"

namespace belfry::fuzz {

// http::head_length and http::check_head, or what stands in for them.
struct HeadCheck {
  std::function<std::size_t(std::string_view received)> length;
  std::function<Result<http::HeadFacts>(std::string_view block)> check;
};

// Any bytes. A head that the check lets through has one meaning only: framing told once, no folded
// line, no bare CR or LF, no field twice that decides anything.
Fault judge_head(std::string_view bytes, const HeadCheck& heads);

// The product's own.
HeadCheck real_heads();

}  // namespace belfry::fuzz
