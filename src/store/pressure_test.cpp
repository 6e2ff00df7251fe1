#include "store/pressure.hpp"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>
#include <vector>

namespace belfry::store {
namespace {

class PressureTest : public testing::Test {
 protected:
  PressureTest() {
    pressure_.when_caught_up([this] { ++caught_up_; });
  }
  void begin(int n) {
    for (int i = 0; i < n; ++i) pressure_.begin(1);
  }
  void end(int n) {
    for (int i = 0; i < n; ++i) pressure_.end(1);
  }
  bool behind() { return pressure_.behind(); }

  Pressure pressure_{[] { return Pressure::Marks{.few = 15, .many = 20}; }};
  int caught_up_ = 0;
};

TEST_F(PressureTest, IsBehindFromManyDownToFew) {
  begin(20);
  EXPECT_FALSE(behind());
  begin(1);
  EXPECT_TRUE(behind());
  end(5);
  EXPECT_TRUE(behind());
  EXPECT_EQ(caught_up_, 0);
  end(1);
  EXPECT_EQ(caught_up_, 1);
  EXPECT_FALSE(behind());
  begin(5);
  EXPECT_FALSE(behind());
  end(20);
  EXPECT_EQ(caught_up_, 1);
}

TEST_F(PressureTest, CountsAllThatBeginTogether) {
  pressure_.begin(30);
  EXPECT_TRUE(behind());
  pressure_.end(30);
  EXPECT_EQ(caught_up_, 1);
}

TEST_F(PressureTest, TellsNobodyWhoHasNotAsked) {
  begin(100);
  end(100);
  EXPECT_EQ(caught_up_, 0);
  EXPECT_FALSE(behind());
}

// Whoever was told to wait is told to go on, whatever the moment at which the last creation ends.
TEST(Pressure, NeverForgetsWhoWaits) {
  Pressure pressure([] { return Pressure::Marks{.few = 1, .many = 2}; });
  std::counting_semaphore<> caught_up(0);
  pressure.when_caught_up([&] { caught_up.release(); });
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) pressure.begin(1);
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) pressure.end(1);
    });
    if (pressure.behind()) {
      ASSERT_TRUE(caught_up.try_acquire_for(std::chrono::seconds(10)));
    }
    threads.clear();
    while (caught_up.try_acquire()) {
    }
    ASSERT_FALSE(pressure.behind());
  }
}

}  // namespace
}  // namespace belfry::store
