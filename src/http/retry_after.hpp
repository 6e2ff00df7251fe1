#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace belfry::http {

// How far ahead a Retry-After is believed.
inline constexpr std::chrono::hours kRetryAfterMax{24};

// Retry-After as seconds or as an HTTP-date (RFC 9110 section 10.2.3), at most kRetryAfterMax
// ahead; nothing for any other text.
std::optional<Timestamp> retry_after(std::string_view value, Timestamp now);

}  // namespace belfry::http
