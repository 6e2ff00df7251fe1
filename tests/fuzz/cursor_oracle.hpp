#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "fault.hpp"

namespace belfry::fuzz {

struct Cursors {
  std::function<std::string(TenantId, std::string_view scope, Uuid)> make;
  std::function<std::optional<Uuid>(TenantId, std::string_view scope, std::string_view text)> read;
};

// Any bytes as a cursor: only the one spelling of one that was made for this tenant and filter is
// taken. And as a place and a filter: what is made reads back, for nobody else and nothing else.
Fault judge_cursor(std::string_view input, const Cursors& cursors);

}  // namespace belfry::fuzz
