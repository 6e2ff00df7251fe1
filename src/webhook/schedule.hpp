#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace belfry::webhook {

// Ten attempts over 75.5 hours (CONVENTIONS 2.1).
inline constexpr int kAttemptsMax = 10;

// The wait before attempt `attempts` + 1, ± 10 %; nothing after the last one.
std::optional<Millis> wait_after(int attempts, Random& random);

}  // namespace belfry::webhook
