#include "domain/retry_policy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace belfry::domain {

namespace {

constexpr std::array<std::string_view, 3> kNames = {"exponential", "linear", "fixed"};

// factor·initial, or `max` if that is less; the division keeps it from overflowing.
std::int64_t capped_product(std::int64_t initial, std::int64_t factor, std::int64_t max) {
  return initial > max / factor ? max : initial * factor;
}

}  // namespace

std::string_view name(Backoff backoff) {
  return kNames[static_cast<std::size_t>(backoff)];
}

std::optional<Backoff> parse_backoff(std::string_view text) {
  const auto* const found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Backoff>(found - kNames.begin());
}

Millis base_delay_after(const RetryPolicy& policy, int failures) {
  const auto initial = std::max<std::int64_t>(policy.initial.count(), 0);
  const auto max = std::max<std::int64_t>(policy.max.count(), 0);
  const auto n = std::max(failures, 1);
  switch (policy.backoff) {
    case Backoff::exponential:
      return Millis{capped_product(initial, std::int64_t{1} << std::min(n - 1, 62), max)};
    case Backoff::linear:
      return Millis{capped_product(initial, n, max)};
    case Backoff::fixed:
      break;
  }
  return Millis{std::min(initial, max)};
}

Millis delay_after(const RetryPolicy& policy, int failures, Random& random) {
  const auto base = base_delay_after(policy, failures);
  const double share = std::clamp(policy.jitter, 0.0, 1.0);
  const auto middle = static_cast<double>(base.count());
  // Whole milliseconds that lie within the share on either side; the middle always does.
  const double low = std::ceil(middle * (1 - share));
  const double high = std::floor(middle * (1 + share));
  if (!(low < high)) return base;
  const double picked = low + std::floor(random.next_unit() * (high - low + 1));
  // The largest double below 2^63, so that the conversion back is defined.
  constexpr double kLongest = 9'223'372'036'854'774'784.0;
  return Millis{static_cast<std::int64_t>(std::min({picked, high, kLongest}))};
}

}  // namespace belfry::domain
