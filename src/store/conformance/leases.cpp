#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, RenewExtendsTheLease) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  bed.advance(Millis{20'000});
  const auto reply = bed.ask(bed.a_renewal(claimed));
  ASSERT_EQ(outcome(reply), "ok");
  EXPECT_EQ(reply->lease_until, bed.now() + kLease);
  EXPECT_FALSE(reply->cancel_requested);
  EXPECT_EQ(bed.row(tenant, id).next_at, bed.now() + kLease);
}

TEST_P(StoreConformance, AWorkersLeaseEndsWithItsAttemptsTimeout) {
  using std::chrono::seconds;
  struct Bounds {
    LeaseKind kind;
    std::optional<Millis> of_task, of_queue;
    Millis lease;
  };
  for (const auto& [kind, of_task, of_queue, lease] :
       {Bounds{LeaseKind::worker, {}, {}, kLease},
        Bounds{LeaseKind::worker, seconds(10), {}, seconds(10)},
        Bounds{LeaseKind::worker, {}, seconds(10), seconds(10)},
        Bounds{LeaseKind::worker, seconds(10), seconds(5), seconds(10)},
        Bounds{LeaseKind::worker, seconds(5), seconds(10), seconds(5)},
        Bounds{LeaseKind::worker, seconds(40), seconds(10), kLease},
        Bounds{LeaseKind::worker, {}, seconds(40), kLease},
        Bounds{LeaseKind::push, seconds(10), seconds(10), kLease}}) {
    const auto tenant = bed.add_tenant();
    auto task = bed.a_task(tenant);
    task.options.timeout = of_task;
    bed.submit(task);
    auto claim = bed.a_claim(tenant);
    claim.kind = kind;
    claim.timeout = of_queue;
    const auto claimed = bed.claim(claim);
    ASSERT_EQ(claimed.tasks.size(), 1U);
    EXPECT_EQ(claimed.tasks[0].lease_until, bed.now() + lease);
    EXPECT_EQ(bed.row(tenant, task.id).next_at, bed.now() + lease);
    bed.advance(lease - Millis{1});
    const auto lost = [&] {
      return bed.read([&](Snapshot& s) { return s.tasks().lost_all_tenants(bed.at(), 9); }).size();
    };
    EXPECT_EQ(lost(), 0U);
    bed.advance(Millis{1});
    EXPECT_EQ(lost(), 1U);
    bed.finish(claimed.tasks[0], Verdict::lost_last);
  }
}

TEST_P(StoreConformance, ARenewalReachesNoFurtherThanTheAttemptsTimeout) {
  using std::chrono::seconds;
  struct Renewal {
    bool accepted;
    std::optional<Millis> timeout;  // since the claim
    Millis extend;                  // since 20 s after it
    Millis until;                   // since the claim
  };
  for (const auto& [accepted, timeout, extend, until] :
       {Renewal{false, {}, seconds(30), seconds(50)},
        Renewal{false, seconds(40), seconds(30), seconds(40)},
        Renewal{false, seconds(60), seconds(30), seconds(50)},
        Renewal{false, seconds(25), seconds(30), kLease}, Renewal{false, {}, seconds(5), kLease},
        Renewal{true, {}, seconds(5), seconds(25)},
        Renewal{true, seconds(22), seconds(5), seconds(22)}}) {
    const auto tenant = bed.add_tenant();
    bed.submit(tenant);
    const auto claimed = bed.claim_one(tenant);
    const auto began = bed.now();
    bed.advance(seconds(20));
    auto renew = bed.a_renewal(claimed);
    renew.accepted = accepted;
    renew.extend = extend;
    if (timeout) renew.not_beyond = began + *timeout;
    const auto reply = bed.ask(renew);
    ASSERT_EQ(outcome(reply), "ok");
    EXPECT_EQ(reply->lease_until, began + until);
    EXPECT_EQ(bed.row(tenant, claimed.id).next_at, began + until);
  }
}

TEST_P(StoreConformance, RenewNeverShortensALease) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  auto renew = bed.a_renewal(claimed);
  for (const auto extend : {Millis{1'000}, Millis{0}, Millis{-5'000}}) {
    renew.extend = extend;
    const auto reply = bed.ask(renew);
    ASSERT_EQ(outcome(reply), "ok");
    EXPECT_EQ(reply->lease_until, claimed.lease_until);
    EXPECT_EQ(bed.row(tenant, id).next_at, claimed.lease_until);
  }
}

TEST_P(StoreConformance, ALeaseIsLostOnlyOnceItHasEnded) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  const auto lost = [&] {
    return bed.read([&](Snapshot& s) { return s.tasks().lost_all_tenants(bed.at(), 10); });
  };
  bed.advance(kLease - Millis{1});
  EXPECT_TRUE(lost().empty());
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(claimed, Verdict::lost))), "stale_lease");
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(claimed, Verdict::lost_last))), "stale_lease");
  EXPECT_EQ(bed.read([](Snapshot& s) { return s.tasks().next_lease_end_all_tenants(); }),
            claimed.lease_until);

  bed.advance(Millis{1});
  const auto found = lost();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first.id, id);
  EXPECT_EQ(found[0].second, claimed.token);
  EXPECT_EQ(bed.finish(claimed, Verdict::lost).status, Status::pending);
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(claimed))), "stale_lease") << "the late answer";
  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.run_attempt, 1) << "the attempt counts";
  EXPECT_EQ(row.failures, 1);
}

TEST_P(StoreConformance, ARenewalThatCameFirstKeepsTheLeaseFromBeingLost) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  bed.advance(kLease);
  // The rescuer saw the lease end; the heartbeat is in the same transaction, before it.
  const auto replies = bed.ask_all({bed.a_renewal(claimed), bed.a_finish(claimed, Verdict::lost)});
  EXPECT_EQ(outcome(replies[0]), "ok");
  EXPECT_EQ(outcome(replies[1]), "stale_lease");
  EXPECT_EQ(bed.finish(claimed).status, Status::completed);
}

TEST_P(StoreConformance, LostLastFails) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  bed.advance(kLease);
  EXPECT_EQ(bed.finish(claimed, Verdict::lost_last).status, Status::failed);
  EXPECT_EQ(bed.row(tenant, id).failures, 1);
}

TEST_P(StoreConformance, LostLeasesComeOldestFirstAndBounded) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> ids;
  for (const int seconds : {3, 1, 2}) {
    ids.push_back(bed.submit(tenant));
    auto claim = bed.a_claim(tenant);
    claim.lease = std::chrono::seconds(seconds);
    ASSERT_EQ(bed.claim(claim).tasks.size(), 1U);
  }
  bed.advance(Millis{3'000});
  const auto lost = bed.read([&](Snapshot& s) { return s.tasks().lost_all_tenants(bed.at(), 2); });
  ASSERT_EQ(lost.size(), 2U);
  EXPECT_EQ(lost[0].first.id, ids[1]);
  EXPECT_EQ(lost[1].first.id, ids[2]);
}

TEST_P(StoreConformance, ProgressAndLogLinesAreShownAndLeaveWithTheTasksEnd) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  auto renew = bed.a_renewal(claimed);
  renew.progress = Progress{40, "half way", {"one", "two"}};
  ASSERT_EQ(outcome(bed.ask(renew)), "ok");
  renew.progress = Progress{{}, "nearly", {}};
  ASSERT_EQ(outcome(bed.ask(renew)), "ok");
  renew.progress = Progress{{}, {}, {"three"}};
  ASSERT_EQ(outcome(bed.ask(renew)), "ok");

  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.progress_percent, 40) << "the last one that was said";
  EXPECT_EQ(row.progress_text, "nearly") << "lines alone take nothing back";
  EXPECT_EQ(row.heartbeat_at, bed.now());
  const auto lines = bed.read([&](Snapshot& s) { return s.tasks().log_lines(tenant, id, 10); });
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].second, "one");
  EXPECT_EQ(lines[2].second, "three");
  bed.finish(claimed);
  EXPECT_FALSE(bed.row(tenant, id).progress_percent);
  EXPECT_EQ(bed.row(tenant, id).progress_text, "");
}

TEST_P(StoreConformance, AnEndThatWasRolledBackDoesNotKeepOldProgressForever) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  auto renew = bed.a_renewal(claimed);
  renew.progress = Progress{40, "half way", {}};
  ASSERT_EQ(outcome(bed.ask(renew)), "ok");
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              if (auto end = tx.end(bed.an_end(tenant, id)); !end) return fail(end.error());
              return fail(ErrorCode::conflict, "no");
            })),
            "conflict");
  EXPECT_EQ(bed.row(tenant, id).progress_percent, 40);
  bed.finish(claimed);
  EXPECT_FALSE(bed.row(tenant, id).progress_percent);
  EXPECT_FALSE(bed.row(tenant, id).heartbeat_at);
}

TEST_P(StoreConformance, StartedIsToldWithTheFirstRenewal) {
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  bed.submit(tenant);
  auto renew = bed.a_renewal(bed.claim_one(tenant));
  renew.outbox.drafts = {{domain::EventType::started, "{}"}};
  ASSERT_EQ(outcome(bed.ask(renew)), "ok");
  ASSERT_EQ(bed.deliveries(tenant).size(), 1U);
  EXPECT_TRUE(bed.committed.deliveries_added);
}

}  // namespace
}  // namespace belfry::store::conformance
