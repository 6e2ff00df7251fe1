#pragma once

#include <string>
#include <string_view>

namespace belfry::domain {

// An error's words without what differs from task to task, so that errors of one cause fall into
// one group: each word with a digit in it (ids, addresses, durations, counts) becomes `#`. A status
// of three digits after "answered", "status" or "HTTP" stays: 404 and 503 are different causes. Of
// long errors the first kPatternBytesMax bytes count.
inline constexpr std::size_t kPatternBytesMax = 200;
std::string error_pattern(std::string_view error);

}  // namespace belfry::domain
