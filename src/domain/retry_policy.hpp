#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace belfry::domain {

enum class Backoff : std::uint8_t { exponential = 0, linear = 1, fixed = 2 };
std::string_view name(Backoff backoff);
std::optional<Backoff> parse_backoff(std::string_view text);

struct RetryPolicy {
  int max_attempts = 3;  // in all, the first one included
  Backoff backoff = Backoff::exponential;
  Millis initial{1'000};
  Millis max{3'600'000};
  double jitter = 0.2;  // the delay lies within ± this share; 0..1
  bool operator==(const RetryPolicy&) const = default;
};

// The wait after `failures` failed attempts of this run (>= 1): initial·2^(n−1), initial·n or
// initial, capped at `max`, then jittered (so at most max·(1 + jitter)). Never overflows.
Millis delay_after(const RetryPolicy& policy, int failures, Random& random);
// The same without jitter.
Millis base_delay_after(const RetryPolicy& policy, int failures);

// The stored form, as those of task.hpp: version byte and fields; the empty string for none.
std::string encode(const std::optional<RetryPolicy>& policy);
std::optional<std::optional<RetryPolicy>> decode_retry(std::string_view bytes);

}  // namespace belfry::domain
