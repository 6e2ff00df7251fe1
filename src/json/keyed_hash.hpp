#pragma once

#include <cstdint>
#include <string_view>

namespace belfry::json {

// SipHash-1-3 with a key drawn once per process: whoever sends keys cannot choose collisions.
std::uint64_t keyed_hash(std::string_view bytes);

}  // namespace belfry::json
