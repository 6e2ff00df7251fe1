#include "webhook/endpoint_health.hpp"

#include <gtest/gtest.h>

namespace belfry::webhook {
namespace {

using namespace std::chrono_literals;

class EndpointHealthTest : public testing::Test {
 protected:
  bool fails(Timestamp at, bool gone = false) {
    AttemptVerdict verdict;
    verdict.state = store::DeliveryState::waiting;
    verdict.endpoint_gone = gone;
    return note_call(endpoint, verdict, at);
  }
  bool succeeds(Timestamp at) { return note_call(endpoint, {}, at); }

  const Timestamp start = from_ms(1'700'000'000'000);
  store::EndpointRow endpoint;
};

TEST_F(EndpointHealthTest, FailsSinceTheFirstFailureAndIsWellAtTheFirstSuccess) {
  EXPECT_FALSE(succeeds(start));
  EXPECT_TRUE(fails(start));
  EXPECT_FALSE(fails(start + 10min)) << "written once an hour";
  EXPECT_TRUE(fails(start + 2h));
  EXPECT_EQ(endpoint.failing_since, start);
  EXPECT_TRUE(succeeds(start + 3h));
  EXPECT_FALSE(endpoint.failing_since);
  EXPECT_FALSE(endpoint.last_failed_at);
}

TEST_F(EndpointHealthTest, IsDisabledAfterDaysOfFailure) {
  for (auto at = start; at < start + kDisableAfter; at += 24h) {
    fails(at);
    EXPECT_TRUE(endpoint.enabled);
  }
  EXPECT_TRUE(fails(start + kDisableAfter));
  EXPECT_FALSE(endpoint.enabled);
  EXPECT_EQ(endpoint.disabled_reason, "failing");
  EXPECT_FALSE(fails(start + kDisableAfter + 1h));
}

TEST_F(EndpointHealthTest, AFailureOfLongAgoDoesNotCountWithANewOne) {
  fails(start);
  EXPECT_TRUE(fails(start + kDisableAfter + 24h));
  EXPECT_TRUE(endpoint.enabled);
  EXPECT_EQ(endpoint.failing_since, start + kDisableAfter + 24h);
}

// Rows of before `last_failed_at` have none.
TEST_F(EndpointHealthTest, AnOlderRowsFailureCountsFromItsBeginning) {
  endpoint.failing_since = start;
  EXPECT_TRUE(fails(start + 24h));
  EXPECT_EQ(endpoint.failing_since, start);
  endpoint.last_failed_at.reset();
  EXPECT_TRUE(fails(start + 48h));
  EXPECT_EQ(endpoint.failing_since, start + 48h);
}

TEST_F(EndpointHealthTest, GoneDisablesAtOnce) {
  EXPECT_TRUE(fails(start, true));
  EXPECT_FALSE(endpoint.enabled);
  EXPECT_EQ(endpoint.disabled_reason, "gone");
}

}  // namespace
}  // namespace belfry::webhook
