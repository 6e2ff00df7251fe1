#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace belfry::webhook {

// Ten attempts over 75.5 hours (CONVENTIONS 2.1).
inline constexpr int kAttemptsMax = 10;

// From the first attempt to the last one, if each fails at once.
inline constexpr Millis kScheduleLength{std::chrono::minutes{75 * 60 + 35} +
                                        std::chrono::seconds{5}};

// The wait before attempt `attempts` + 1, ± 10 %; nothing after the last one.
std::optional<Millis> wait_after(int attempts, Random& random);

}  // namespace belfry::webhook
