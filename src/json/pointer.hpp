#pragma once

#include <string>
#include <string_view>

namespace belfry::json {

// An RFC 6901 JSON Pointer one step further down. A foreign key is cut after 128 bytes, at a
// character boundary, so that a fault about it stays small.
std::string child_pointer(std::string_view parent, std::string_view key);

}  // namespace belfry::json
