#include "store/batch_size.hpp"

#include <gtest/gtest.h>

namespace belfry::store {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kTime{5};

// Transactions of a few jobs, then as large as the size allows: each job and each flush takes what
// it takes.
void run_many(BatchSize& size, microseconds job, microseconds flush) {
  for (int i = 0; i < 100; ++i) size.learn(1, job + flush);
  for (int i = 0; i < 100; ++i) {
    const auto jobs = size.now();
    size.learn(jobs, job * static_cast<int>(jobs) + flush);
  }
}

TEST(BatchSize, IsTheLargestUntilATransactionHasShownMore) {
  EXPECT_EQ(BatchSize(1'000, kTime).now(), 1'000U);
}

TEST(BatchSize, FitsTheJobsIntoTheTime) {
  BatchSize size(1'000, kTime);
  run_many(size, microseconds{25}, microseconds{300});
  EXPECT_NEAR(static_cast<double>(size.now()), 200, 3);
  run_many(size, microseconds{50}, microseconds{300});
  EXPECT_NEAR(static_cast<double>(size.now()), 100, 3);
  run_many(size, microseconds{2}, microseconds{300});
  EXPECT_EQ(size.now(), 1'000U);
}

TEST(BatchSize, GivesASlowFlushFourTimesItsTime) {
  BatchSize size(1'000, kTime);
  run_many(size, microseconds{50}, milliseconds{8});
  EXPECT_NEAR(static_cast<double>(size.now()), 640, 10);
}

TEST(BatchSize, NeverFallsBelowItsLeast) {
  BatchSize size(1'000, kTime);
  run_many(size, milliseconds{50}, microseconds{300});
  EXPECT_EQ(size.now(), BatchSize::kMin);
}

TEST(BatchSize, LearnsWhatJobsTakeFromLargeTransactionsOnly) {
  BatchSize size(1'000, kTime);
  size.learn(BatchSize::kMin - 1, milliseconds{500});
  EXPECT_EQ(size.now(), 1'000U);
}

TEST(BatchSize, OneTransactionThatWasHeldUpIsForgotten) {
  BatchSize size(1'000, kTime);
  run_many(size, microseconds{25}, microseconds{300});
  size.learn(size.now(), milliseconds{200});
  EXPECT_LT(size.now(), 100U);
  run_many(size, microseconds{25}, microseconds{300});
  EXPECT_GT(size.now(), 190U);
}

TEST(BatchSize, ASmallLargestIsTheSize) {
  BatchSize size(10, kTime);
  run_many(size, milliseconds{50}, microseconds{300});
  EXPECT_EQ(size.now(), 10U);
}

}  // namespace
}  // namespace belfry::store
