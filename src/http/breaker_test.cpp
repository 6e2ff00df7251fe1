#include "http/breaker.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

class BreakerTest : public testing::Test {
 protected:
  void fail(bool probe = false) {
    breaker.fail(probe, "connect_failed", clock.now(), options, random);
  }
  void open() {
    for (int i = 0; i < 5; ++i) fail();
  }
  // The wait for the next probe lies within ± 10 % of this.
  void expect_next_probe(int seconds) {
    const auto wait = breaker.next_probe() - clock.now();
    EXPECT_GE(wait, Millis{seconds * 900});
    EXPECT_LE(wait, Millis{seconds * 1'100});
  }

  BreakerOptions options;
  ManualClock clock;
  Random random{3};
  Breaker breaker;
};

TEST_F(BreakerTest, OpensAfterFiveFailuresInARow) {
  for (int i = 0; i < 4; ++i) fail();
  EXPECT_TRUE(breaker.admits(clock.now()));
  breaker.succeed();
  for (int i = 0; i < 4; ++i) fail();
  breaker.end_unjudged(false, true, clock.now(), options);
  for (int i = 0; i < 4; ++i) fail();
  EXPECT_FALSE(breaker.open());
  fail();
  EXPECT_EQ(breaker.since(), clock.now());
  EXPECT_EQ(breaker.last_error(), "connect_failed");
  EXPECT_FALSE(breaker.admits(clock.now()));
  expect_next_probe(3);
}

TEST_F(BreakerTest, ProbesOneAtATimeAndLessAndLessOften) {
  open();
  const auto opened = breaker.since();
  for (const int wait : {3, 6, 12, 24, 48, 60, 60}) {
    expect_next_probe(wait);
    clock.advance(breaker.next_probe() - clock.now());
    EXPECT_TRUE(breaker.admits(clock.now()));
    const auto began = clock.now();
    EXPECT_TRUE(breaker.begin(began));
    EXPECT_FALSE(breaker.admits(clock.now() + std::chrono::hours{1}));
    fail();  // a late failure of a call from before it opened says nothing new
    EXPECT_TRUE(breaker.probing());
    clock.advance(Millis{10});
    fail(true);
    EXPECT_EQ(breaker.failed_probe(), began);
    EXPECT_EQ(breaker.since(), opened);
  }
  breaker.succeed();
  EXPECT_FALSE(breaker.open());
  EXPECT_FALSE(breaker.begin(clock.now()));
}

TEST_F(BreakerTest, AnUnjudgedProbeIsFollowedByAnotherOneSoon) {
  open();
  clock.advance(Millis{4'000});
  EXPECT_TRUE(breaker.begin(clock.now()));
  breaker.end_unjudged(true, false, clock.now(), options);
  EXPECT_FALSE(breaker.failed_probe());
  EXPECT_FALSE(breaker.admits(clock.now() + Millis{999}));
  EXPECT_TRUE(breaker.admits(clock.now() + Millis{1'000}));
}

TEST_F(BreakerTest, AnUnjudgedProbeDelaysTheNextNoLongerThanAFirstOne) {
  options.probe_first = Millis{400};
  open();
  clock.advance(Millis{4'000});
  EXPECT_TRUE(breaker.begin(clock.now()));
  breaker.end_unjudged(true, false, clock.now(), options);
  EXPECT_FALSE(breaker.admits(clock.now() + Millis{399}));
  EXPECT_TRUE(breaker.admits(clock.now() + Millis{400}));
}

TEST_F(BreakerTest, AnOldProbeDoesNotJudgeANewOutage) {
  open();
  clock.advance(Millis{4'000});
  breaker.begin(clock.now());
  breaker.succeed();  // a late answer
  open();
  fail(true);  // of the first outage
  EXPECT_FALSE(breaker.failed_probe());
}

}  // namespace
}  // namespace belfry::http
