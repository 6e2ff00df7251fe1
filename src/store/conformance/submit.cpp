#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, SubmitKeepsEverythingThatWasSaid) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant, "mails");
  task.payload = "{\"text\":\"\xc3\xa4\\u0000\",\"n\":1.50}";
  task.priority = 9;
  task.max_attempts = 7;
  task.expires_at = bed.now() + std::chrono::hours(1);
  task.options.target = domain::HttpTarget{"https://example.com/x", "PUT", {{"A", "b"}}, {}};
  task.options.callback_url = "https://example.com/done";
  task.options.tags = {"red", "blue"};
  task.options.labels = {{"team", "one"}};

  const auto reply = bed.ask(Submit{task, {}, {}});

  ASSERT_EQ(outcome(reply), "ok");
  EXPECT_EQ(reply->id, task.id);
  EXPECT_EQ(reply->status, Status::pending);
  EXPECT_FALSE(reply->replayed);
  const auto row = bed.row(tenant, task.id);
  EXPECT_EQ(row.tenant, tenant);
  EXPECT_EQ(row.queue_name, "mails");
  EXPECT_EQ(row.name, "mail");
  EXPECT_EQ(row.payload, task.payload);
  EXPECT_EQ(row.options, task.options);
  EXPECT_EQ(row.status, Status::pending);
  EXPECT_EQ(row.priority, 9);
  EXPECT_EQ(row.max_attempts, 7);
  EXPECT_EQ(row.run, 1);
  EXPECT_EQ(row.attempt, 0);
  EXPECT_EQ(row.submitted_at, task.submitted_at);
  EXPECT_EQ(row.expires_at, task.expires_at);
  EXPECT_EQ(row.next_at, task.submitted_at);
  EXPECT_FALSE(row.finished_at);
}

TEST_P(StoreConformance, SubmitTellsListenersWhatCameIntoBeing) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  ASSERT_EQ(bed.committed.changes.size(), 1U);
  const auto& change = bed.committed.changes.front();
  EXPECT_EQ(change.id, id);
  EXPECT_EQ(change.tenant, tenant);
  EXPECT_FALSE(change.from);
  EXPECT_EQ(change.to, Status::pending);
  EXPECT_TRUE(bed.committed.configuration_changed) << "the queue is new";
  EXPECT_FALSE(bed.committed.deliveries_added);
  bed.submit(tenant);
  EXPECT_FALSE(bed.committed.configuration_changed);
}

TEST_P(StoreConformance, SubmitForLaterWaitsUntilDue) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant);
  task.scheduled_for = bed.now() + Millis{5'000};
  bed.submit(task);
  EXPECT_EQ(bed.status(tenant, task.id), Status::scheduled);
  EXPECT_TRUE(bed.claim(bed.a_claim(tenant)).tasks.empty());

  bed.advance(Millis{4'999});
  EXPECT_EQ(bed.move_due(), 0) << "never before its instant";
  bed.advance(Millis{1});
  EXPECT_EQ(bed.move_due(), 1);
  EXPECT_EQ(bed.status(tenant, task.id), Status::pending);
  EXPECT_EQ(bed.claim_one(tenant).id, task.id);
}

TEST_P(StoreConformance, SubmitForAPastInstantIsReadyAtOnce) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant);
  task.scheduled_for = bed.now();
  const auto reply = bed.ask(Submit{task, {}, {}});
  ASSERT_EQ(outcome(reply), "ok");
  EXPECT_EQ(reply->status, Status::pending);
}

TEST_P(StoreConformance, MoveDueGoesOldestFirstAndTellsWhatRemains) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> ids;
  for (const int seconds : {3, 1, 2, 10}) {
    auto task = bed.a_task(tenant);
    task.scheduled_for = bed.now() + std::chrono::seconds(seconds);
    ids.push_back(bed.submit(task));
  }
  const auto last = bed.now() + std::chrono::seconds(10);
  bed.advance(Millis{5'000});

  const auto first = bed.ask(MoveDue{2, bed.at()});
  ASSERT_EQ(outcome(first), "ok");
  EXPECT_EQ(first->moved, 2);
  EXPECT_EQ(bed.status(tenant, ids[1]), Status::pending);
  EXPECT_EQ(bed.status(tenant, ids[2]), Status::pending);
  EXPECT_EQ(bed.status(tenant, ids[0]), Status::scheduled);
  const auto rest = bed.ask(MoveDue{2, bed.at()});
  ASSERT_EQ(outcome(rest), "ok");
  EXPECT_EQ(rest->moved, 1);
  EXPECT_EQ(rest->next_due, last);
}

TEST_P(StoreConformance, SubmitToAnUnknownTenantIsRefused) {
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(bed.make_id<TenantId>()), {}, {}})), "not_found");
}

TEST_P(StoreConformance, SubmitWithATakenIdConflictsAndChangesNothing) {
  const auto tenant = bed.add_tenant();
  const auto other = bed.add_tenant();
  auto task = bed.a_task(tenant);
  bed.submit(task);
  task.name = "another";
  EXPECT_EQ(outcome(bed.ask(Submit{task, {}, {}})), "conflict");
  task.tenant = other;
  task.queue = "new";
  EXPECT_EQ(outcome(bed.ask(Submit{task, {}, {}})), "conflict");
  EXPECT_EQ(bed.row(tenant, task.id).name, "mail");
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 1);
  EXPECT_EQ(bed.counts(other)[Status::pending], 0);
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.queues().list(other); }).empty());
}

TEST_P(StoreConformance, SubmitBeyondTheQuotaIsRefusedAndFreeAgainWhenOneEnds) {
  const auto tenant = bed.add_tenant({.unfinished_max = 2});
  bed.submit(tenant);
  const auto second = bed.submit(tenant);
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), {}, {}})), "quota_exceeded");
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 2);
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, second))), "ok");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), {}, {}})), "ok");
}

TEST_P(StoreConformance, OneBatchOfSubmitsHoldsTheQuotaExactly) {
  const auto tenant = bed.add_tenant({.unfinished_max = 3});
  std::vector<Command> commands;
  for (int i = 0; i < 5; ++i) commands.emplace_back(Submit{bed.a_task(tenant), {}, {}});
  const auto replies = bed.ask_all(std::move(commands));
  EXPECT_EQ(std::ranges::count_if(replies, [](const auto& r) { return r.has_value(); }), 3);
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 3);
}

TEST_P(StoreConformance, ASuspendedTenantSubmitsAndClaimsNothingButMayFinish) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  bed.submit(tenant);
  const auto running = bed.claim_one(tenant);
  const auto suspend = [&](std::optional<Timestamp> at) {
    return bed.transact([&](Transaction& tx) {
      return tx.tenant_writes().set_suspended(tenant, at, at ? "unpaid" : "");
    });
  };
  ASSERT_EQ(outcome(suspend(bed.now())), "ok");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), {}, {}})), "forbidden");
  EXPECT_EQ(bed.claim(bed.a_claim(tenant)).held_by, Claim::HeldBy::tenant_suspended);
  EXPECT_EQ(bed.finish(running).status, Status::completed);
  ASSERT_EQ(outcome(suspend({})), "ok");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), {}, {}})), "ok");
  EXPECT_EQ(bed.claim(bed.a_claim(tenant)).tasks.size(), 1U);
}

}  // namespace
}  // namespace belfry::store::conformance
