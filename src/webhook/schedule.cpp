#include "webhook/schedule.hpp"

#include <array>

namespace belfry::webhook {
namespace {

using namespace std::chrono_literals;

// After the first attempt, which goes out at once.
constexpr std::array<Millis, kAttemptsMax - 1> kWaits = {5s,  5min, 30min, 2h, 5h,
                                                         10h, 14h,  20h,   24h};

}  // namespace

std::optional<Millis> wait_after(int attempts, Random& random) {
  if (attempts < 1 || attempts >= kAttemptsMax) return std::nullopt;
  const auto wait = kWaits[static_cast<std::size_t>(attempts - 1)];
  const double jitter = 0.9 + 0.2 * random.next_unit();
  return Millis{static_cast<std::int64_t>(static_cast<double>(wait.count()) * jitter)};
}

}  // namespace belfry::webhook
