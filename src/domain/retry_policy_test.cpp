#include "domain/retry_policy.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace belfry::domain {
namespace {

RetryPolicy policy(Backoff backoff, std::int64_t initial, std::int64_t max, double jitter = 0) {
  return {.max_attempts = 10,
          .backoff = backoff,
          .initial = Millis{initial},
          .max = Millis{max},
          .jitter = jitter};
}

std::int64_t wait(const RetryPolicy& p, int failures) {
  return base_delay_after(p, failures).count();
}

TEST(RetryPolicy, GrowsAsItsBackoffSays) {
  const auto exponential = policy(Backoff::exponential, 1'000, 100'000);
  EXPECT_EQ(wait(exponential, 1), 1'000);
  EXPECT_EQ(wait(exponential, 2), 2'000);
  EXPECT_EQ(wait(exponential, 7), 64'000);
  EXPECT_EQ(wait(exponential, 8), 100'000);
  const auto linear = policy(Backoff::linear, 1'000, 5'500);
  EXPECT_EQ(wait(linear, 1), 1'000);
  EXPECT_EQ(wait(linear, 5), 5'000);
  EXPECT_EQ(wait(linear, 6), 5'500);
  const auto fixed = policy(Backoff::fixed, 1'000, 5'000);
  EXPECT_EQ(wait(fixed, 1), 1'000);
  EXPECT_EQ(wait(fixed, 100), 1'000);
  EXPECT_EQ(wait(policy(Backoff::fixed, 9'000, 5'000), 1), 5'000);
}

TEST(RetryPolicy, NeverOverflows) {
  constexpr auto kHuge = std::numeric_limits<std::int64_t>::max();
  constexpr auto kMany = std::numeric_limits<int>::max();
  Random random(7);
  for (const auto backoff : {Backoff::exponential, Backoff::linear, Backoff::fixed}) {
    for (const std::int64_t initial : {std::int64_t{0}, std::int64_t{1}, kHuge / 2, kHuge}) {
      for (const int failures : {-1, 0, 1, 2, 62, 63, 64, 65, 1'000, kMany}) {
        for (const std::int64_t max : {std::int64_t{0}, std::int64_t{3'600'000}, kHuge}) {
          const auto p = policy(backoff, initial, max, 1.0);
          const auto base = wait(p, failures);
          EXPECT_GE(base, 0);
          EXPECT_LE(base, max);
          EXPECT_GE(delay_after(p, failures, random).count(), 0);
        }
      }
    }
  }
  EXPECT_EQ(wait(policy(Backoff::exponential, 1, kHuge), 63), std::int64_t{1} << 62);
  EXPECT_EQ(wait(policy(Backoff::exponential, 2, kHuge), 63), kHuge);
  EXPECT_EQ(wait(policy(Backoff::exponential, -5, -5), 3), 0);
}

TEST(RetryPolicy, JitterStaysWithinItsShareAndUsesAllOfIt) {
  Random random(42);
  const auto p = policy(Backoff::fixed, 1'000, 5'000, 0.2);
  auto least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = 0;
  double sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto ms = delay_after(p, 1, random).count();
    least = std::min(least, ms);
    most = std::max(most, ms);
    sum += static_cast<double>(ms);
  }
  EXPECT_EQ(least, 800);
  EXPECT_EQ(most, 1'200);
  EXPECT_NEAR(sum / 20'000, 1'000, 5);
}

TEST(RetryPolicy, WithoutJitterTheDelayIsExact) {
  Random random(1);
  EXPECT_EQ(delay_after(policy(Backoff::linear, 250, 10'000), 3, random), Millis{750});
  EXPECT_EQ(delay_after(policy(Backoff::fixed, 0, 10'000, 1.0), 3, random), Millis{0});
}

TEST(RetryPolicy, TheSameSeedGivesTheSameDelays) {
  Random one(9);
  Random two(9);
  const auto p = policy(Backoff::exponential, 1'000, 3'600'000, 0.5);
  for (int n = 1; n < 20; ++n) EXPECT_EQ(delay_after(p, n, one), delay_after(p, n, two));
}

TEST(RetryPolicy, BackoffNamesGoBothWays) {
  for (const auto backoff : {Backoff::exponential, Backoff::linear, Backoff::fixed}) {
    EXPECT_EQ(parse_backoff(name(backoff)), backoff);
  }
  EXPECT_EQ(parse_backoff("EXPONENTIAL"), std::nullopt);
  EXPECT_EQ(parse_backoff(""), std::nullopt);
}

}  // namespace
}  // namespace belfry::domain
