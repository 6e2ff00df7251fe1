#include "client/backoff.hpp"

#include <gtest/gtest.h>

namespace belfry::client {
namespace {

using std::chrono::milliseconds;

constexpr Backoff kBackoff{.first = milliseconds{100}, .max = milliseconds{1'000}};

// The shortest and the longest of many waits after so many tries.
std::pair<milliseconds, milliseconds> range_after(int tries, ClientError error = {}) {
  Random random(7);
  auto shortest = milliseconds::max();
  auto longest = milliseconds::min();
  for (int i = 0; i < 1'000; ++i) {
    const auto wait = wait_after(error, tries, kBackoff, random);
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  return {shortest, longest};
}

TEST(Backoff, DoublesUpToItsLongestWithAQuarterMoreOrLess) {
  const std::vector<std::pair<int, int>> middles{{1, 100}, {2, 200},   {3, 400},
                                                 {4, 800}, {5, 1'000}, {1'000, 1'000}};
  for (const auto& [tries, middle] : middles) {
    const auto [shortest, longest] = range_after(tries);
    EXPECT_GE(shortest.count(), middle * 3 / 4) << tries;
    EXPECT_LE(shortest.count(), middle * 4 / 5) << tries;
    EXPECT_GE(longest.count(), middle * 6 / 5) << tries;
    EXPECT_LE(longest.count(), middle * 5 / 4) << tries;
  }
}

TEST(Backoff, WaitsAtLeastAsLongAsTheSchedulerAsks) {
  ClientError error;
  error.retry_after = milliseconds{5'000};
  EXPECT_EQ(range_after(1, error), std::pair(milliseconds{5'000}, milliseconds{5'000}));
  error.retry_after = milliseconds{1};
  EXPECT_EQ(range_after(1, error), range_after(1));
}

TEST(Backoff, AStopEndsTheSleep) {
  std::stop_source stop;
  EXPECT_TRUE(sleep_unless(stop.get_token(), milliseconds{1}));
  stop.request_stop();
  EXPECT_FALSE(sleep_unless(stop.get_token(), std::chrono::hours{24}));
}

}  // namespace
}  // namespace belfry::client
