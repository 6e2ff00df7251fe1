#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace belfry::http {

// How far ahead a Retry-After is believed.
inline constexpr std::chrono::hours kRetryAfterMax{24};

// Retry-After as seconds, a fraction rounded up, or as an HTTP-date in any of its three forms
// (RFC 9110 sections 10.2.3 and 5.6.7), at most kRetryAfterMax ahead; nothing for any other text.
std::optional<Timestamp> retry_after(std::string_view value, Timestamp now);

// The refusals whose Retry-After is heeded: those of rate limiters and of what is away for a while.
bool heeds_retry_after(int status);

}  // namespace belfry::http
