#include "dispatch/fair_picker.hpp"

#include <gtest/gtest.h>

#include <map>

namespace belfry::dispatch {
namespace {

TenantId tenant(std::uint64_t n) {
  return TenantId{{1, n}};
}
domain::QueueNo queue(std::int64_t n) {
  return {n};
}

class FairPickerTest : public ::testing::Test {
 protected:
  std::map<std::int64_t, int> counts(int slots, int per_queue = 1'000) {
    std::map<std::int64_t, int> by_queue;
    for (const auto& turn : picker_.plan(slots, per_queue))
      by_queue[turn.queue.value] += turn.count;
    return by_queue;
  }

  FairPicker make(int total) {
    return {[this](TenantId id) { return weights_.contains(id) ? weights_[id] : 1; }, total};
  }

  std::map<TenantId, int> weights_;
  FairPicker picker_ = make(30'000);
};

TEST_F(FairPickerTest, SharesEquallyWhateverTheBacklogs) {
  for (int n = 1; n <= 4; ++n) picker_.flag(tenant(static_cast<std::uint64_t>(n)), queue(n));
  const auto shares = counts(40);
  for (int n = 1; n <= 4; ++n) EXPECT_EQ(shares.at(n), 10);
  EXPECT_EQ(picker_.slots_in_use(), 40);
}

TEST_F(FairPickerTest, TenantsWithEqualSharesTakeTurns) {
  // As attempts that end at once: the share of both is always the same.
  picker_.flag(tenant(1), queue(1));
  picker_.flag(tenant(2), queue(2));
  std::vector<std::int64_t> served;
  for (int i = 0; i < 6; ++i) {
    const auto turn = picker_.plan(1, 1).at(0);
    served.push_back(turn.queue.value);
    picker_.release(turn.queue, 1);
  }
  EXPECT_EQ(served, (std::vector<std::int64_t>{1, 2, 1, 2, 1, 2}));
}

TEST_F(FairPickerTest, QueuesOfATenantWithEqualSlotsTakeTurns) {
  for (const int n : {1, 2, 3}) picker_.flag(tenant(1), queue(n));
  std::vector<std::int64_t> served;
  for (int i = 0; i < 6; ++i) {
    const auto turn = picker_.plan(1, 1).at(0);
    served.push_back(turn.queue.value);
    picker_.release(turn.queue, 1);
  }
  EXPECT_EQ(served, (std::vector<std::int64_t>{1, 2, 3, 1, 2, 3}));
}

TEST_F(FairPickerTest, HonoursWeights) {
  weights_[tenant(1)] = 3;
  picker_.flag(tenant(1), queue(1));
  picker_.flag(tenant(2), queue(2));
  const auto shares = counts(40);
  EXPECT_EQ(shares.at(1), 30);
  EXPECT_EQ(shares.at(2), 10);
}

TEST_F(FairPickerTest, ServesANewTenantFirst) {
  picker_.flag(tenant(1), queue(1));
  EXPECT_EQ(counts(500).at(1), 500);
  picker_.flag(tenant(2), queue(2));
  const auto turns = picker_.plan(1, 1'000);
  ASSERT_EQ(turns.size(), 1U);
  EXPECT_EQ(turns[0].tenant, tenant(2));
}

TEST_F(FairPickerTest, SharesBetweenTheQueuesOfATenant) {
  picker_.flag(tenant(1), queue(1));
  picker_.flag(tenant(1), queue(2));
  picker_.flag(tenant(2), queue(3));
  const auto shares = counts(40);
  EXPECT_EQ(shares.at(1), 10);
  EXPECT_EQ(shares.at(2), 10);
  EXPECT_EQ(shares.at(3), 20);
}

TEST_F(FairPickerTest, BoundsAQueueAPlanAndGoesOnWithIt) {
  picker_.flag(tenant(1), queue(1));
  EXPECT_EQ(counts(100, 7).at(1), 7);
  EXPECT_EQ(counts(100, 7).at(1), 7);
}

TEST_F(FairPickerTest, ForgetsAnEmptyQueueUnlessItWasFlaggedMeanwhile) {
  picker_.flag(tenant(1), queue(1));
  auto turn = picker_.plan(1, 10).at(0);
  picker_.flag(tenant(1), queue(1));  // a task came while the claim ran
  picker_.clear(turn.queue, turn.flagged_at);
  turn = picker_.plan(1, 10).at(0);
  picker_.clear(turn.queue, turn.flagged_at);
  EXPECT_TRUE(picker_.plan(1, 10).empty());
}

TEST_F(FairPickerTest, ParksUntilRoomIsMade) {
  picker_.flag(tenant(1), queue(1));
  const auto turn = picker_.plan(1, 10).at(0);
  picker_.park(turn.queue, turn.planned_at);
  EXPECT_TRUE(picker_.plan(1, 10).empty());
  picker_.flag(tenant(1), queue(1));
  EXPECT_TRUE(picker_.plan(1, 10).empty()) << "more work is no room";
  picker_.unpark_tenant(tenant(1));
  EXPECT_EQ(picker_.plan(1, 10).size(), 1U);
}

// The room was made while the claim that found none was still on its way back.
TEST_F(FairPickerTest, IgnoresAParkThatWasPlannedBeforeTheRoomWasMade) {
  picker_.flag(tenant(1), queue(1));
  const auto turn = picker_.plan(1, 10).at(0);
  picker_.unpark_tenant(tenant(1));
  picker_.park(turn.queue, turn.planned_at);
  EXPECT_EQ(picker_.plan(1, 10).size(), 1U);

  const auto again = picker_.plan(1, 10).at(0);
  picker_.unpark_all();
  picker_.park(again.queue, again.planned_at);
  EXPECT_EQ(picker_.plan(1, 10).size(), 1U);
}

TEST_F(FairPickerTest, GivesSlotsBack) {
  picker_.flag(tenant(1), queue(1));
  const auto turn = picker_.plan(10, 10).at(0);
  picker_.release(turn.queue, 10);
  EXPECT_EQ(picker_.slots_in_use(), 0);
  EXPECT_EQ(picker_.slots_in_use(tenant(1)), 0);
}

TEST_F(FairPickerTest, ServesTenThousandTenantsInTurn) {
  for (int n = 1; n <= 10'000; ++n) picker_.flag(tenant(static_cast<std::uint64_t>(n)), queue(n));
  const auto shares = counts(20'000);
  ASSERT_EQ(shares.size(), 10'000U);
  for (const auto& [number, count] : shares) ASSERT_EQ(count, 2) << number;
}

// Tenants that take whatever they are given and give nothing back, in every number and of mixed
// weights: whoever comes after them is served, and so are many after that one.
TEST_F(FairPickerTest, GreedyTenantsLeaveSlotsToThoseWhoComeLater) {
  for (const std::uint64_t greedy : {1, 2, 8, 64, 1'000, 5'000}) {
    picker_ = make(8'000);
    for (std::uint64_t n = 1; n <= greedy; ++n) {
      weights_[tenant(n)] = n % 7 == 0 ? 10 : 1;
      picker_.flag(tenant(n), queue(static_cast<std::int64_t>(n)));
    }
    while (!picker_.plan(512, 256).empty()) {
    }
    EXPECT_GT(picker_.slots_in_use(), 8'000 * 3 / 4) << "most of it is used";
    for (std::uint64_t n = greedy + 1; n <= greedy + 100; ++n) {
      picker_.flag(tenant(n), queue(static_cast<std::int64_t>(n)));
      const auto turns = picker_.plan(1, 1);
      ASSERT_EQ(turns.size(), 1U) << greedy << " greedy ones, newcomer " << n - greedy;
      ASSERT_EQ(turns[0].tenant, tenant(n));
    }
  }
}

TEST_F(FairPickerTest, OneTenantAloneHasNearlyAllSlotsAndASingleSlotIsUsed) {
  picker_ = make(8'000);
  picker_.flag(tenant(1), queue(1));
  EXPECT_GT(counts(8'000, 8'000).at(1), 6'000);
  picker_ = make(1);
  picker_.flag(tenant(1), queue(1));
  EXPECT_EQ(counts(10).at(1), 1);
  EXPECT_TRUE(picker_.plan(1, 1).empty());
}

TEST_F(FairPickerTest, WhatIsLeftIsSharedByWeight) {
  picker_ = make(8'000);
  weights_[tenant(1)] = 3;
  picker_.flag(tenant(1), queue(1));
  picker_.flag(tenant(2), queue(2));
  while (!picker_.plan(1, 1).empty()) {
  }
  EXPECT_NEAR(picker_.slots_in_use(tenant(1)), 3 * picker_.slots_in_use(tenant(2)), 3);
}

}  // namespace
}  // namespace belfry::dispatch
