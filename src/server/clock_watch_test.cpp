#include "server/clock_watch.hpp"

#include <gtest/gtest.h>

namespace belfry::server {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class ClockWatchTest : public testing::Test {
 protected:
  ClockWatch started_after(Millis newest_ahead) {
    return ClockWatch(clock_, clock_.now() + newest_ahead, [this] { return kernel_; });
  }
  AnchoredClock clock_;
  KernelClock kernel_ = KernelClock::not_synchronised;
};

TEST_F(ClockWatchTest, AStartNearTheNewestTimeIsNotDoubted) {
  for (const Millis newest : {Millis{1'000}, Millis{0}, Millis{-seconds{10}}, Millis{-hours{23}}}) {
    auto watch = started_after(newest);
    EXPECT_FALSE(clock_.in_doubt()) << newest.count();
    EXPECT_EQ(watch.notes(), "");
    EXPECT_FALSE(watch.accept());
  }
  ClockWatch fresh(clock_, std::nullopt, [this] { return kernel_; });
  EXPECT_FALSE(clock_.in_doubt()) << "a new store has seen no time";
}

TEST_F(ClockWatchTest, AClockThatIsBehindOrFarAheadIsDoubtedUntilAnOperatorAcceptsIt) {
  for (const Millis newest : {Millis{seconds{10}}, Millis{hours{24 * 31}}, Millis{-hours{25}}}) {
    auto watch = started_after(newest);
    EXPECT_TRUE(clock_.in_doubt()) << newest.count();
    EXPECT_NE(watch.notes().find(newest.count() > 0 ? "behind" : "ahead of"), std::string::npos);
    EXPECT_NE(watch.notes().find("/api/v1/admin/clock/accept"), std::string::npos);
    EXPECT_FALSE(watch.look());
    EXPECT_TRUE(watch.accept());
    EXPECT_FALSE(clock_.in_doubt());
    EXPECT_EQ(watch.notes(), "");
    EXPECT_FALSE(watch.accept()) << "there is nothing more to accept";
  }
}

TEST_F(ClockWatchTest, OnlyASynchronisedKernelClockEndsTheDoubtByItself) {
  auto watch = started_after(hours{1});
  for (const auto state : {KernelClock::unknown, KernelClock::not_synchronised}) {
    kernel_ = state;
    EXPECT_FALSE(watch.look());
    EXPECT_TRUE(clock_.in_doubt());
  }
  kernel_ = KernelClock::synchronised;
  EXPECT_TRUE(watch.look());
  EXPECT_FALSE(clock_.in_doubt());
  EXPECT_FALSE(watch.look()) << "it ends once";
}

TEST_F(ClockWatchTest, ADayOfRunningEndsTheDoubt) {
  auto running = ClockWatch::Steady::now();
  ClockWatch watch(
      clock_, clock_.now() + hours{1}, [this] { return kernel_; }, [&] { return running; });
  running += hours{24} - seconds{1};
  EXPECT_FALSE(watch.look());
  EXPECT_TRUE(clock_.in_doubt());
  running += seconds{1};
  EXPECT_TRUE(watch.look());
  EXPECT_FALSE(clock_.in_doubt());
  EXPECT_EQ(watch.notes(), "");
}

TEST_F(ClockWatchTest, ASynchronisedClockIsNotDoubtedAtAll) {
  kernel_ = KernelClock::synchronised;
  auto watch = started_after(-hours{24 * 3});
  EXPECT_FALSE(clock_.in_doubt());
}

}  // namespace
}  // namespace belfry::server
