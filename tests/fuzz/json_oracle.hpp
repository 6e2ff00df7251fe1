#pragma once

#include <functional>
#include <string_view>

#include "fault.hpp"

namespace belfry::fuzz {

using JsonCheck = std::function<bool(std::string_view)>;

// Any bytes. What the check takes, Boost.JSON takes too, is UTF-8, can be walked, has no key twice,
// and its strings read back as they are written; and what has no object in it and is shallow, the
// check takes if Boost.JSON does.
Fault judge_json(std::string_view text, const JsonCheck& check);

}  // namespace belfry::fuzz
