#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace belfry::dashboard {

// The eight counters at the top of a metrics answer, as an object of their own; nothing if the text
// is no such answer.
std::optional<std::string> counts_of(std::string_view metrics);

}  // namespace belfry::dashboard
