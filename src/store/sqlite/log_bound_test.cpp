#include "store/sqlite/log_bound.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <thread>
#include <vector>

#include "store/sqlite/temporary_folder.hpp"
#include "store/sqlite/workload.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kMiB = 1024 * 1024;

class LogBoundTest : public testing::Test {
 protected:
  LogBoundTest() {
    auto options = folder_.options();
    options.log_bytes_max = kMiB;
    store_ = open(options);
  }
  std::uintmax_t log_bytes() const { return std::filesystem::file_size(folder_.file() + "-wal"); }

  TemporaryFolder folder_;
  Workload workload_;
  std::unique_ptr<Backend> store_;
};

TEST_F(LogBoundTest, TheLogStaysBoundedHoweverReadsOverlap) {
  workload_.submit(*store_, 200);

  std::atomic<bool> stop{false};
  std::latch reading(4);
  std::vector<std::jthread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      const auto reader = store_->make_reader();
      for (bool first = true; !stop; first = false) {
        reader->read([&](Snapshot& s) {
          if (first) reading.arrive_and_wait();
          s.metrics().counts_all_tenants();
          s.tasks().ready_lanes_all_tenants();
        });
      }
    });
  }
  std::uintmax_t longest = 0;
  for (int i = 0; i < 40; ++i) {
    workload_.submit(*store_, 10, 100'000);
    longest = std::max(longest, log_bytes());
  }
  stop = true;
  readers.clear();
  // A reader that loses its core for long lets the log grow a little.
  EXPECT_LT(longest, 20 * kMiB) << "of 40 MiB written";
  EXPECT_EQ(workload_.check(*store_), "");
}

TEST_F(LogBoundTest, ALongReadIsNotWaitedForAndKeepsItsSnapshot) {
  workload_.submit(*store_, 1);
  std::int64_t before = 0, after = 0;
  store_->make_reader()->read([&](Snapshot& s) {
    before = s.metrics().counts_all_tenants()[domain::Status::pending];
    for (int i = 0; i < 3; ++i) workload_.submit(*store_, 10, 100'000);
    after = s.metrics().counts_all_tenants()[domain::Status::pending];
  });
  EXPECT_EQ(before, 1);
  EXPECT_EQ(after, 1);
  workload_.submit(*store_, 10, 100'000);
  EXPECT_LT(log_bytes(), 2 * kMiB) << "the next commit without it empties the log";
  EXPECT_EQ(workload_.check(*store_), "");
}

TEST(ReadGateTest, WhatIsInsideLeavesFirstAndWhatComesWaits) {
  ReadGate gate;
  std::atomic<bool> alone{false};
  std::atomic<int> met{0};
  std::jthread reads([&] {
    for (int i = 0; i < 1'000; ++i) {
      const ReadGate::Pass pass(gate);
      if (alone) ++met;
    }
  });
  for (int i = 0; i < 1'000; ++i) {
    gate.alone(Millis{60'000}, [&] {
      alone = true;
      alone = false;
    });
  }
  reads.join();
  EXPECT_EQ(met, 0);
}

TEST(ReadGateTest, APatienceThatEndsLetsReadsGoOn) {
  ReadGate gate;
  {
    const ReadGate::Pass inside(gate);
    EXPECT_FALSE(gate.alone(Millis{0}, [] { FAIL(); }));
    const ReadGate::Pass another(gate);
  }
  bool ran = false;
  EXPECT_TRUE(gate.alone(Millis{0}, [&] { ran = true; }));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace belfry::store::sqlite
