#include "store/write_pressure.hpp"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>
#include <vector>

namespace belfry::store {
namespace {

class WritePressureTest : public testing::Test {
 protected:
  static constexpr std::size_t kBatch = 10;

  WritePressureTest() {
    pressure_.when_caught_up([this] { ++caught_up_; });
  }
  void begin(int n) {
    for (int i = 0; i < n; ++i) pressure_.begin();
  }
  void end(int n) {
    for (int i = 0; i < n; ++i) pressure_.end(kBatch);
  }
  bool behind() { return pressure_.behind(kBatch); }

  WritePressure pressure_;
  int caught_up_ = 0;
};

TEST_F(WritePressureTest, IsBehindFromTwoTransactionsDownToOneAndAHalf) {
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

TEST_F(WritePressureTest, TellsNobodyWhoHasNotAsked) {
  begin(100);
  end(100);
  EXPECT_EQ(caught_up_, 0);
  EXPECT_FALSE(behind());
}

// Whoever was told to wait is told to go on, whatever the moment at which the last creation ends.
TEST(WritePressure, NeverForgetsWhoWaits) {
  constexpr std::size_t kBatch = 1;
  WritePressure pressure;
  std::counting_semaphore<> caught_up(0);
  pressure.when_caught_up([&] { caught_up.release(); });
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) pressure.begin();
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) pressure.end(kBatch);
    });
    if (pressure.behind(kBatch)) {
      ASSERT_TRUE(caught_up.try_acquire_for(std::chrono::seconds(10)));
    }
    threads.clear();
    while (caught_up.try_acquire()) {
    }
    ASSERT_FALSE(pressure.behind(kBatch));
  }
}

}  // namespace
}  // namespace belfry::store
