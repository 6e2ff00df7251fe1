#include "store/conformance/bed.hpp"

// What explains rather than moves: errors, and what stands before a task.
namespace belfry::store::conformance {
namespace {

TEST_P(StoreConformance, FailuresAreListedTheLatestFirst) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> failed;
  for (int i = 0; i < 4; ++i) {
    bed.submit(tenant);
    bed.advance(Millis{10});
    const auto task = bed.claim_one(tenant);
    auto finish = bed.a_finish(task, Verdict::failed);
    finish.error = "no room " + std::to_string(i);
    ASSERT_EQ(outcome(bed.ask(finish)), "ok");
    failed.push_back(task.id);
  }
  bed.submit(tenant);
  bed.finish(bed.claim_one(tenant), Verdict::completed);
  const auto listed = [&](Timestamp from, int limit) {
    return bed.read([&](Snapshot& s) { return s.tasks().failures(tenant, from, limit); });
  };
  const auto all = listed({}, 100);
  ASSERT_EQ(all.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(all[i].id, failed[3 - i]);
    EXPECT_EQ(all[i].error, "no room " + std::to_string(3 - i));
    EXPECT_EQ(all[i].name, bed.row(tenant, all[i].id).name);
    EXPECT_EQ(all[i].finished_at, *bed.row(tenant, all[i].id).finished_at);
  }
  EXPECT_EQ(listed({}, 2).size(), 2U);
  EXPECT_EQ(listed(all[1].finished_at, 100).size(), 2U);
  const auto other = bed.add_tenant();
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.tasks().failures(other, {}, 9); }).empty());
}

TEST_P(StoreConformance, AFailureThatIsRetriedIsNoFailureAnyMore) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  const auto task = bed.claim_one(tenant);
  bed.finish(task, Verdict::failed);
  ASSERT_EQ(outcome(bed.retry(tenant, task.id)), "ok");
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.tasks().failures(tenant, {}, 9); }).empty());
}

TEST_P(StoreConformance, ALongErrorIsCut) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  auto finish = bed.a_finish(bed.claim_one(tenant), Verdict::failed);
  finish.error = std::string(4 * kErrorSampleChars, 'e');
  ASSERT_EQ(outcome(bed.ask(finish)), "ok");
  const auto rows = bed.read([&](Snapshot& s) { return s.tasks().failures(tenant, {}, 9); });
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].error, std::string(kErrorSampleChars, 'e'));
}

TEST_P(StoreConformance, WhatIsUpcomingIsInTheOrderInWhichItIsDue) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> by_due(5);
  for (const int place : {3, 0, 4, 1, 2}) {
    auto task = bed.a_task(tenant);
    task.scheduled_for = bed.now() + Millis{1'000 + 100 * place};
    by_due[static_cast<std::size_t>(place)] = bed.submit(task);
  }
  bed.submit(tenant);  // is ready
  const auto upcoming = [&](TenantId of, int limit) {
    std::vector<TaskId> ids;
    for (const auto& row : bed.read([&](Snapshot& s) { return s.tasks().upcoming(of, limit); })) {
      EXPECT_EQ(row.status, domain::Status::scheduled);
      EXPECT_EQ(row.payload, "");
      ids.push_back(row.id);
    }
    return ids;
  };
  EXPECT_EQ(upcoming(tenant, 100), by_due);
  EXPECT_EQ(upcoming(tenant, 2), (std::vector{by_due[0], by_due[1]}));
  EXPECT_TRUE(upcoming(bed.add_tenant(), 9).empty());
  bed.advance(Millis{1'000});
  bed.move_due();
  EXPECT_EQ(upcoming(tenant, 1), std::vector{by_due[1]});
}

TEST_P(StoreConformance, WhatStandsBeforeATaskIsWhatIsClaimedBeforeIt) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> tasks;
  for (int i = 0; i < 12; ++i) {
    auto task = bed.a_task(tenant);
    task.priority = i % 3 == 0 ? 9 : 1;
    if (i % 4 == 0) task.options.target = domain::WorkerTarget{};
    tasks.push_back(bed.submit(task));
    bed.advance(Millis{1});
  }
  bed.submit(bed.a_task(tenant, "another"));
  const auto ahead = [&](TaskId id, unsigned lanes, int limit) {
    return bed.read([&](Snapshot& s) { return s.tasks().ahead(tenant, id, lanes, limit); });
  };
  std::vector<std::optional<int>> told;
  for (const auto id : tasks) told.push_back(ahead(id, kAllLanes, 100));
  const auto only_worker = ahead(tasks[8], lane_bit(domain::Lane::worker), 100);
  EXPECT_EQ(only_worker, 2);  // tasks 0 and 4
  EXPECT_EQ(ahead(tasks[11], kAllLanes, 5), 5);
  for (int place = 0; place < 12; ++place) {
    const auto claimed = bed.claim(bed.a_claim(tenant));
    ASSERT_EQ(claimed.tasks.size(), 1U);
    const auto at = std::ranges::find(tasks, claimed.tasks[0].id) - tasks.begin();
    EXPECT_EQ(told[static_cast<std::size_t>(at)], place);
  }
  EXPECT_EQ(ahead(tasks[0], kAllLanes, 100), std::nullopt);  // it runs
  EXPECT_EQ(ahead(bed.make_id<TaskId>(), kAllLanes, 100), std::nullopt);
}

}  // namespace
}  // namespace belfry::store::conformance
