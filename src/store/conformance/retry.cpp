#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, RetryByHandStartsAFreshRun) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  bed.finish(bed.claim_one(tenant), Verdict::retry);
  bed.finish(bed.claim_one(tenant), Verdict::failed);
  bed.advance(Millis{1'000});

  ASSERT_EQ(outcome(bed.retry(tenant, id)), "ok");

  ASSERT_EQ(bed.committed.changes.size(), 1U);
  EXPECT_EQ(bed.committed.changes[0].from, Status::failed);
  EXPECT_EQ(bed.committed.changes[0].to, Status::pending);
  auto row = bed.row(tenant, id);
  EXPECT_EQ(row.status, Status::pending);
  EXPECT_EQ(row.run, 2);
  EXPECT_EQ(row.attempt, 2) << "numbers go on";
  EXPECT_EQ(row.run_attempt, 0);
  EXPECT_EQ(row.failures, 0);
  EXPECT_EQ(row.error, "");
  EXPECT_EQ(row.next_at, bed.now());
  EXPECT_FALSE(row.finished_at);
  const auto claimed = bed.claim_one(tenant);
  EXPECT_EQ(claimed.token.attempt, 3);
  EXPECT_EQ(claimed.run_attempt, 1);
  EXPECT_EQ(claimed.failures, 0);
  bed.finish(claimed);
  const auto attempts = bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, id); });
  ASSERT_EQ(attempts.size(), 3U);
  EXPECT_EQ(attempts[1].outcome, "failed");
  EXPECT_EQ(attempts[1].run, 1);
  EXPECT_EQ(attempts[2].outcome, "completed");
  EXPECT_EQ(attempts[2].run, 2);
}

TEST_P(StoreConformance, RetryByHandIsForFinishedTasksOnly) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  EXPECT_EQ(outcome(bed.retry(tenant, id)), "invalid_state");
  const auto claimed = bed.claim_one(tenant);
  EXPECT_EQ(outcome(bed.retry(tenant, id)), "invalid_state");
  bed.finish(claimed);
  EXPECT_EQ(outcome(bed.retry(tenant, id)), "ok");
  EXPECT_EQ(outcome(bed.retry(tenant, id)), "invalid_state");
  EXPECT_EQ(outcome(bed.retry(tenant, bed.make_id<TaskId>())), "not_found");
}

TEST_P(StoreConformance, EveryTerminalStateCanRunAgain) {
  const auto tenant = bed.add_tenant();
  auto expiring = bed.a_task(tenant);
  expiring.expires_at = bed.now() + Millis{10};
  bed.submit(expiring);
  bed.advance(Millis{10});
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, expiring.id, Status::expired))), "ok");
  const auto cancelled = bed.submit(tenant);
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, cancelled))), "ok");
  for (const auto id : {expiring.id, cancelled}) {
    ASSERT_EQ(outcome(bed.retry(tenant, id)), "ok");
    EXPECT_EQ(bed.claim_one(tenant).id, id) << "an expiry of before does not carry over";
  }
  EXPECT_EQ(bed.counts(tenant)[Status::expired], 0);
  EXPECT_EQ(bed.counts(tenant)[Status::cancelled], 0);
  EXPECT_EQ(bed.counts(tenant)[Status::running], 2);
}

TEST_P(StoreConformance, ATokenOfAnEarlierRunIsStale) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto old = bed.claim_one(tenant);
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, id))), "ok");
  ASSERT_EQ(outcome(bed.retry(tenant, id)), "ok");
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(old))), "stale_lease");
  EXPECT_EQ(outcome(bed.ask(bed.a_renewal(old))), "stale_lease");
  EXPECT_EQ(bed.claim_one(tenant).token.attempt, 2);
}

TEST_P(StoreConformance, ARetryThatIsRolledBackLeavesTheTaskFinished) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  bed.finish(bed.claim_one(tenant));
  const auto done = bed.transact([&](Transaction& tx) -> Result<> {
    if (auto run = tx.task_writes().start_new_run(tenant, id, bed.now()); !run) return run;
    return fail(ErrorCode::conflict, "no");
  });
  EXPECT_EQ(outcome(done), "conflict");
  EXPECT_EQ(bed.status(tenant, id), Status::completed);
  EXPECT_EQ(bed.row(tenant, id).result, R"({"ok":true})");
  EXPECT_EQ(bed.counts(tenant)[Status::completed], 1);
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 0);
}

}  // namespace
}  // namespace belfry::store::conformance
