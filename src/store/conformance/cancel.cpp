#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, CancelEndsAnyUnfinishedTask) {
  const auto tenant = bed.add_tenant();
  auto later = bed.a_task(tenant);
  later.scheduled_for = bed.now() + std::chrono::hours(1);
  bed.submit(later);
  const auto running = bed.submit(tenant);
  bed.claim_one(tenant);
  const auto pending = bed.submit(tenant);
  for (const auto id : {later.id, running, pending}) {
    auto end = bed.an_end(tenant, id);
    end.error = "not needed";
    const auto reply = bed.ask(end);
    ASSERT_EQ(outcome(reply), "ok");
    EXPECT_EQ(reply->was_running, id == running);
    EXPECT_EQ(reply->at, bed.now());
    const auto row = bed.row(tenant, id);
    EXPECT_EQ(row.status, Status::cancelled);
    EXPECT_EQ(row.error, "not needed");
    EXPECT_EQ(row.finished_at, bed.now());
    EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, id))), "invalid_state");
  }
  EXPECT_EQ(bed.counts(tenant)[Status::cancelled], 3);
}

TEST_P(StoreConformance, TheCancelledAttemptIsToldAtItsNextHeartbeat) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto old = bed.claim_one(tenant);
  bed.finish(old, Verdict::retry);
  const auto claimed = bed.claim_one(tenant);
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, id))), "ok");

  const auto reply = bed.ask(bed.a_renewal(claimed));
  ASSERT_EQ(outcome(reply), "ok");
  EXPECT_TRUE(reply->cancel_requested);
  EXPECT_EQ(outcome(bed.ask(bed.a_renewal(old))), "stale_lease") << "not this attempt's";
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(claimed))), "stale_lease");
  EXPECT_EQ(bed.status(tenant, id), Status::cancelled);
}

TEST_P(StoreConformance, ExpiryEndsWhatHasNotStartedOnceItsTimeHasPassed) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant);
  task.expires_at = bed.now() + Millis{1'000};
  bed.submit(task);
  const auto plain = bed.submit(tenant);
  const auto expire = [&](TaskId id) {
    return outcome(bed.ask(bed.an_end(tenant, id, Status::expired)));
  };
  const auto overdue = [&] {
    return bed.read([&](Snapshot& s) { return s.tasks().overdue_all_tenants(bed.at(), 10); });
  };
  bed.advance(Millis{999});
  EXPECT_EQ(expire(task.id), "invalid_state");
  EXPECT_TRUE(overdue().empty());
  EXPECT_EQ(bed.read([](Snapshot& s) { return s.tasks().next_expiry_all_tenants(); }),
            task.expires_at);
  bed.advance(Millis{1});
  ASSERT_EQ(overdue().size(), 1U);
  EXPECT_EQ(overdue()[0].id, task.id);
  EXPECT_EQ(expire(task.id), "ok");
  EXPECT_EQ(bed.status(tenant, task.id), Status::expired);
  EXPECT_EQ(expire(plain), "invalid_state") << "it never expires";
  EXPECT_TRUE(overdue().empty());
}

TEST_P(StoreConformance, ARunningTaskDoesNotExpireButMayBetweenItsAttempts) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant);
  task.expires_at = bed.now() + Millis{1'000};
  bed.submit(task);
  const auto claimed = bed.claim_one(tenant);
  bed.advance(Millis{2'000});
  EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, task.id, Status::expired))), "invalid_state");
  EXPECT_TRUE(
      bed.read([&](Snapshot& s) { return s.tasks().overdue_all_tenants(bed.at(), 10); }).empty());
  bed.finish(claimed, Verdict::retry);
  EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, task.id, Status::expired))), "ok");
  const auto row = bed.row(tenant, task.id);
  EXPECT_EQ(row.status, Status::expired);
  EXPECT_EQ(row.failures, 1);
  EXPECT_EQ(row.attempt, 1);
  const auto attempts = bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, task.id); });
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].outcome, "failed");
}

TEST_P(StoreConformance, CancelOfAnUnknownTaskIsNotFound) {
  const auto tenant = bed.add_tenant();
  EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, bed.make_id<TaskId>()))), "not_found");
  EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, TaskId{}))), "not_found");
}

}  // namespace
}  // namespace belfry::store::conformance
