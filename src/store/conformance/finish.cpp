#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, CompletedStoresTheResultAndTheTimes) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  bed.advance(Millis{700});
  auto finish = bed.a_finish(claimed);
  finish.http_status = 201;

  const auto reply = bed.ask(finish);

  ASSERT_EQ(outcome(reply), "ok");
  EXPECT_EQ(reply->status, Status::completed);
  EXPECT_EQ(reply->at, bed.now());
  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.status, Status::completed);
  EXPECT_EQ(row.result, R"({"ok":true})");
  EXPECT_EQ(row.started_at, claimed.started_at);
  EXPECT_EQ(row.finished_at, bed.now());
  EXPECT_FALSE(row.next_at);
  EXPECT_EQ(row.failures, 0);
  const auto attempts = bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, id); });
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].outcome, "completed");
  EXPECT_EQ(attempts[0].number, 1);
  EXPECT_EQ(attempts[0].http_status, 201);
  EXPECT_EQ(attempts[0].worker, "w1");
}

TEST_P(StoreConformance, RetryWaitsUntilItsTimeAndCountsTheFailure) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  auto finish = bed.a_finish(bed.claim_one(tenant), Verdict::retry);
  finish.next_at = bed.now() + Millis{2'000};
  finish.http_status = 500;
  const auto reply = bed.ask(finish);
  ASSERT_EQ(outcome(reply), "ok");
  EXPECT_EQ(reply->status, Status::scheduled);
  auto row = bed.row(tenant, id);
  EXPECT_EQ(row.next_at, finish.next_at);
  EXPECT_EQ(row.failures, 1);
  EXPECT_EQ(row.run_attempt, 1);
  EXPECT_EQ(row.error, "it broke");
  bed.advance(Millis{2'000});
  EXPECT_EQ(bed.move_due(), 1);
  const auto again = bed.claim_one(tenant);
  EXPECT_EQ(again.id, id);
  EXPECT_EQ(again.failures, 1);
  EXPECT_EQ(again.run_attempt, 2);
}

TEST_P(StoreConformance, RetryWithoutATimeIsReadyAtOnce) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  EXPECT_EQ(bed.finish(bed.claim_one(tenant), Verdict::retry).status, Status::pending);
  EXPECT_EQ(bed.claim_one(tenant).run_attempt, 2);
}

TEST_P(StoreConformance, FailedIsTheEnd) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  EXPECT_EQ(bed.finish(bed.claim_one(tenant), Verdict::failed).status, Status::failed);
  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.status, Status::failed);
  EXPECT_EQ(row.failures, 1);
  EXPECT_EQ(row.error, "it broke");
  EXPECT_TRUE(bed.claim(bed.a_claim(tenant)).tasks.empty());
}

TEST_P(StoreConformance, ReleasedCostsNoAttemptAndKeepsTheTasksPlace) {
  const auto tenant = bed.add_tenant();
  const auto first = bed.submit(tenant);
  bed.advance(Millis{10});
  bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  ASSERT_EQ(claimed.id, first);
  bed.advance(Millis{5'000});
  EXPECT_EQ(bed.finish(claimed, Verdict::released).status, Status::pending);
  const auto row = bed.row(tenant, first);
  EXPECT_EQ(row.run_attempt, 0);
  EXPECT_EQ(row.failures, 0);
  const auto again = bed.claim_one(tenant);
  EXPECT_EQ(again.id, first);
  EXPECT_EQ(again.token.attempt, 2);
  EXPECT_EQ(again.run_attempt, 1);
}

TEST_P(StoreConformance, WhatWasReleasedUnsentLeavesNoAttempt) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  auto unsent = bed.a_finish(bed.claim_one(tenant), Verdict::released);
  unsent.unsent = true;
  EXPECT_EQ(outcome(bed.ask(unsent)), "ok");
  bed.finish(bed.claim_one(tenant));
  const auto attempts = bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, id); });
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].number, 1) << "its number was given back";
  EXPECT_EQ(attempts[0].outcome, "completed");
}

TEST_P(StoreConformance, AStaleTokenChangesNothingAndIsToldSo) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto old = bed.claim_one(tenant);
  bed.finish(old, Verdict::retry);
  const auto newest = bed.claim_one(tenant);
  auto forged = newest;
  forged.token.secret ^= 2;
  auto future = newest;
  ++future.token.attempt;

  for (const auto& wrong : {old, forged, future}) {
    for (const auto verdict : {Verdict::completed, Verdict::retry, Verdict::failed, Verdict::lost,
                               Verdict::lost_last, Verdict::released}) {
      EXPECT_EQ(outcome(bed.ask(bed.a_finish(wrong, verdict))), "stale_lease");
      EXPECT_TRUE(bed.committed.changes.empty());
    }
    EXPECT_EQ(outcome(bed.ask(bed.a_renewal(wrong))), "stale_lease");
  }
  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.status, Status::running);
  EXPECT_EQ(row.attempt, 2);
  EXPECT_EQ(row.next_at, newest.lease_until);
  EXPECT_EQ(bed.finish(newest).status, Status::completed);
}

TEST_P(StoreConformance, AStaleTokenLeavesNoEvent) {
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  bed.submit(tenant);
  const auto old = bed.claim_one(tenant);
  bed.finish(old, Verdict::retry);
  auto late = bed.a_finish(old);
  late.outbox.drafts = {{domain::EventType::completed, "{}"}};
  EXPECT_EQ(outcome(bed.ask(late)), "stale_lease");
  EXPECT_TRUE(bed.deliveries(tenant).empty());
}

TEST_P(StoreConformance, OneTerminalTransitionARun) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  // Even in one transaction.
  const auto replies = bed.ask_all({bed.a_finish(claimed), bed.a_finish(claimed, Verdict::failed),
                                    bed.an_end(tenant, id), bed.a_finish(claimed)});
  EXPECT_EQ(outcome(replies[0]), "ok");
  EXPECT_EQ(outcome(replies[1]), "stale_lease");
  EXPECT_EQ(outcome(replies[2]), "invalid_state");
  EXPECT_EQ(outcome(replies[3]), "stale_lease");
  EXPECT_EQ(bed.status(tenant, id), Status::completed);
  EXPECT_EQ(bed.counts(tenant)[Status::completed], 1);
  EXPECT_EQ(bed.counts(tenant)[Status::running], 0);
}

TEST_P(StoreConformance, FinishOfAnUnknownTaskIsNotFound) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  auto finish = bed.a_finish(bed.claim_one(tenant));
  finish.id = bed.make_id<TaskId>();
  EXPECT_EQ(outcome(bed.ask(finish)), "not_found");
}

TEST_P(StoreConformance, EveryAttemptIsInTheHistory) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  bed.finish(bed.claim_one(tenant), Verdict::retry);
  bed.finish(bed.claim_one(tenant), Verdict::released);
  const auto lost = bed.claim_one(tenant);
  bed.advance(kLease);
  bed.finish(lost, Verdict::lost);
  bed.finish(bed.claim_one(tenant));
  const auto attempts = bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, id); });
  std::vector<std::string> outcomes;
  for (const auto& attempt : attempts) outcomes.push_back(attempt.outcome);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"failed", "released", "lease_lost", "completed"}));
}

// As with deliveries: one tenant's tasks for the same instant are many batches, another's is one.
TEST_P(StoreConformance, TenantsTakeTurnsWhenMoreTasksAreDueThanAreMoved) {
  constexpr int kMoved = 10;
  const auto noisy = bed.add_tenant(), quiet = bed.add_tenant();
  const auto submit = [&](TenantId tenant, Millis later) {
    auto task = bed.a_task(tenant);
    task.scheduled_for = bed.now() + later;
    return bed.submit(task);
  };
  for (int i = 0; i < 3 * kMoved; ++i) submit(noisy, Millis{1'000});
  const auto id = submit(quiet, Millis{2'000});
  bed.advance(Millis{5'000});
  const auto moved = bed.ask(MoveDue{kMoved, bed.at()});
  ASSERT_EQ(outcome(moved), "ok");
  EXPECT_EQ(moved->moved, kMoved);
  EXPECT_EQ(bed.status(quiet, id), Status::pending);
  EXPECT_EQ(bed.counts(noisy)[Status::pending], kMoved - 1);
  EXPECT_EQ(bed.move_due(), 2 * kMoved + 1);
}

}  // namespace
}  // namespace belfry::store::conformance
