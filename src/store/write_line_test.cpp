#include "store/write_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace belfry::store {
namespace {

using std::chrono::milliseconds;
using TimePoint = WriteLine::TimePoint;

class WriteLineTest : public testing::Test {
 protected:
  static TimePoint at(int ms) { return TimePoint(milliseconds(ms)); }

  Job* submit_of(std::uint64_t tenant) {
    Submit submit;
    submit.task.tenant = TenantId{{tenant, 0}};
    return keep({.command = std::move(submit)});
  }
  Job* work() { return keep({.command = Finish{}}); }
  Job* upkeep() {
    return keep({.command = TransactFn([](Transaction&) { return Result<>(); }),
                 .purpose = Purpose::upkeep});
  }
  Job* change() {
    return keep({.command = TransactFn([](Transaction&) { return Result<>(); })});
  }
  void push(Job* job, int ms = 0) { line_.push({job, nullptr, at(ms)}); }
  void push(std::size_t count, std::uint64_t tenant, int ms = 0) {
    for (std::size_t i = 0; i < count; ++i) push(submit_of(tenant), ms);
  }
  std::vector<Job*> take() {
    std::vector<WriteLine::Entry> batch;
    line_.take(batch, 100);
    std::vector<Job*> jobs;
    for (const auto& entry : batch) jobs.push_back(entry.job);
    return jobs;
  }
  bool admits(Job* job, int ms = 0) const { return line_.admits(*job, line_.arrive(*job, at(ms))); }

  WriteLine line_{{.batch_max = 100, .waiting_max = 1'000}};

 private:
  Job* keep(Job job) { return jobs_.emplace_back(std::make_unique<Job>(std::move(job))).get(); }
  std::vector<std::unique_ptr<Job>> jobs_;
};

TEST_F(WriteLineTest, TheFirstJobOfATenantIsInTheNextBatchHoweverManyAnotherSent) {
  push(900, 1);
  auto* first = submit_of(2);
  push(first);
  const auto batch = take();
  EXPECT_NE(std::ranges::find(batch, first), batch.end());
  EXPECT_EQ(line_.size(), 801U);
}

TEST_F(WriteLineTest, ATenantsJobsKeepTheirOrderAndNoneIsLost) {
  std::vector<Job*> own;
  for (int i = 0; i < 250; ++i) {
    own.push_back(submit_of(1));
    push(own.back());
    push(submit_of(2));
    push(submit_of(3));
  }
  std::vector<Job*> seen;
  std::size_t all = 0;
  while (!line_.empty()) {
    const auto batch = take();
    EXPECT_LE(batch.size(), 100U);
    all += batch.size();
    for (auto* job : batch) {
      if (std::get<Submit>(job->command).task.tenant == TenantId{{1, 0}}) seen.push_back(job);
    }
  }
  EXPECT_EQ(all, 750U);
  EXPECT_EQ(seen, own);
}

TEST_F(WriteLineTest, WorkInProgressGoesFirstButLeavesCreationsAQuarter) {
  for (int i = 0; i < 300; ++i) push(work());
  push(300, 1);
  const auto batch = take();
  const auto creations = std::ranges::count_if(batch, [](Job* job) { return creates(*job); });
  EXPECT_EQ(creations, 25);
  EXPECT_FALSE(creates(*batch.front()));
}

TEST_F(WriteLineTest, UpkeepStandsBehindRequestsButAFewRunInEachBatch) {
  for (int i = 0; i < 50; ++i) push(upkeep());
  push(200, 1);
  for (int i = 0; i < 10; ++i) push(work());
  const auto batch = take();
  EXPECT_EQ(batch.size(), 100U);
  const auto creations = std::ranges::count_if(batch, [](Job* job) { return creates(*job); });
  EXPECT_EQ(creations, 86);
  EXPECT_EQ(batch.back()->purpose, Purpose::upkeep);
  EXPECT_TRUE(std::holds_alternative<Finish>(batch.front()->command));
}

TEST_F(WriteLineTest, ALineThatIsTooOldRefusesItsOwnTenantAlone) {
  push(150, 1, 0);
  EXPECT_TRUE(admits(submit_of(1), 100));
  EXPECT_FALSE(admits(submit_of(1), 101));
  EXPECT_TRUE(admits(submit_of(2), 101));
  EXPECT_TRUE(admits(change(), 101));
  EXPECT_TRUE(admits(work(), 101));
  EXPECT_TRUE(admits(upkeep(), 101));
}

TEST_F(WriteLineTest, WhatFitsTheNextBatchIsAdmittedHoweverLongTheLastCommitTakes) {
  push(99, 1, 0);
  EXPECT_TRUE(admits(submit_of(1), 10'000));
  push(1, 1, 0);
  EXPECT_FALSE(admits(submit_of(1), 10'000));
}

TEST_F(WriteLineTest, AFullLineRefusesThoseWhoHaveTheirShareOfIt) {
  push(999, 1);
  EXPECT_TRUE(admits(submit_of(1)));
  push(1, 1);
  EXPECT_FALSE(admits(submit_of(1)));
  EXPECT_TRUE(admits(submit_of(2)));
  push(333, 2);
  EXPECT_FALSE(admits(submit_of(2)));  // a third: two wait already
  EXPECT_TRUE(admits(submit_of(3)));
}

TEST_F(WriteLineTest, ABulkThatWasAdmittedIsNotCutInTwo) {
  push(999, 1);
  const auto arrival = line_.arrive(*submit_of(1), at(0));
  for (int i = 0; i < 500; ++i) {
    auto* job = submit_of(1);
    ASSERT_TRUE(line_.admits(*job, arrival));
    push(job);
  }
}

TEST_F(WriteLineTest, CreationsAreRefusedLongBeforeWorkInProgress) {
  for (std::uint64_t tenant = 1; tenant <= 1'999; ++tenant) push(1, tenant);
  EXPECT_FALSE(admits(submit_of(1)));
  EXPECT_TRUE(admits(submit_of(5'000)));
  push(1, 2'000);
  EXPECT_FALSE(admits(submit_of(5'000)));
  EXPECT_TRUE(admits(work()));
  for (int i = 0; i < 2'000; ++i) push(work());
  EXPECT_FALSE(admits(work()));
}

TEST_F(WriteLineTest, ABatchOfOneTakesOneOfAnyKind) {
  WriteLine single({.batch_max = 1, .waiting_max = 10});
  std::vector<WriteLine::Entry> batch;
  for (auto* job : {upkeep(), submit_of(1), work()}) single.push({job, nullptr, at(0)});
  for (int i = 0; i < 3; ++i) {
    single.take(batch, 1);
    EXPECT_EQ(batch.size(), 1U);
  }
  EXPECT_TRUE(single.empty());
  single.take(batch, 1);
  EXPECT_TRUE(batch.empty());
}

}  // namespace
}  // namespace belfry::store
