#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;
using Place = DestinationWrites::Place;

// Puts a claimed task off, as the runner does when its destination takes no call.
Finish a_put_off(Bed& bed, const Claim::Task& task, std::optional<Timestamp> open_since = {}) {
  auto finish = bed.a_finish(task, Verdict::released);
  finish.unsent = true;
  finish.parking = Parking{"http://a:80", "/run", task.ready_since, open_since, Millis{60'000}};
  return finish;
}

DestinationName name_of(TenantId tenant, const std::string& handler = "/run") {
  return {tenant, "http://a:80", handler};
}

DestinationWrites::Unparked unpark(Bed& bed, TenantId tenant, int limit,
                                   std::optional<Place> after = {}) {
  DestinationWrites::Unparked unparked;
  EXPECT_TRUE(bed.transact([&](Transaction& tx) -> Result<> {
    unparked = tx.destination_writes().unpark(name_of(tenant), after, limit);
    return {};
  }));
  return unparked;
}

std::vector<TaskRow> impatient(Bed& bed, TenantId tenant, Timestamp open_since,
                               std::optional<Timestamp> failed_probe = {}) {
  const Outage outage{open_since, failed_probe.value_or(bed.now()), bed.now()};
  return bed.read(
      [&](Snapshot& s) { return s.destinations().impatient(name_of(tenant), outage, 10); });
}

std::vector<TaskId> submit_three(Bed& bed, TenantId tenant) {
  std::vector<TaskId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(bed.submit(tenant));
    bed.advance(Millis{1});
  }
  return ids;
}

TEST_P(StoreConformance, AParkedTaskIsReadyKeepsItsNumberAndIsNotClaimed) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto submitted = bed.now();
  bed.advance(Millis{500});
  const auto claimed = bed.claim_one(tenant);
  EXPECT_EQ(claimed.ready_since, submitted);
  ASSERT_EQ(outcome(bed.ask(a_put_off(bed, claimed))), "ok");

  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.status, Status::pending);
  EXPECT_EQ(row.next_at, submitted) << "it has been ready since then";
  EXPECT_EQ(row.parked_at, name_of(tenant));
  EXPECT_EQ(row.attempt, 0);
  EXPECT_EQ(row.run_attempt, 0);
  EXPECT_FALSE(row.started_at);
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, id); }).empty());
  EXPECT_TRUE(bed.claim(bed.a_claim(tenant)).tasks.empty());
  EXPECT_TRUE(bed.read([](Snapshot& s) { return s.tasks().ready_lanes_all_tenants(); }).empty());
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 1);
  const auto queue = bed.read([&](Snapshot& s) { return s.queues().find(tenant, "default"); });
  EXPECT_EQ(queue->pending, 1);
  EXPECT_EQ(queue->oldest_ready_at, submitted);
  TaskFilter pending;
  pending.statuses = {Status::pending};
  const auto page =
      bed.read([&](Snapshot& s) { return s.tasks().query(tenant, pending, {}, 10, true); });
  EXPECT_EQ(page.tasks.size(), 1U);
}

TEST_P(StoreConformance, TheNumberThatWasGivenBackIsGivenAgainWithAnotherToken) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  const auto first = bed.claim_one(tenant);
  ASSERT_EQ(outcome(bed.ask(a_put_off(bed, first))), "ok");
  unpark(bed, tenant, 1);
  const auto second = bed.claim_one(tenant);
  EXPECT_EQ(second.token.attempt, 1);
  EXPECT_NE(second.token.secret, first.token.secret);
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(first))), "stale_lease");
  EXPECT_EQ(outcome(bed.ask(a_put_off(bed, first))), "stale_lease");
  EXPECT_EQ(bed.finish(second).status, Status::completed);
}

TEST_P(StoreConformance, UnparksTheBestFirstAndNamesTheNext) {
  const auto tenant = bed.add_tenant();
  const auto ids = submit_three(bed, tenant);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant)))), "ok");
  }
  const auto unparked = unpark(bed, tenant, 2);
  ASSERT_EQ(unparked.tasks.size(), 2U);
  EXPECT_EQ(unparked.tasks[0].task, ids[0]);
  EXPECT_EQ(unparked.tasks[1].task, ids[1]);
  ASSERT_TRUE(unparked.next);
  EXPECT_EQ(unparked.next->task, ids[2]);
  ASSERT_EQ(unparked.lanes.size(), 1U);
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "default", 5)).tasks.size(), 2U);
}

TEST_P(StoreConformance, UnparksInTurnsBehindAPlace) {
  const auto tenant = bed.add_tenant();
  const auto ids = submit_three(bed, tenant);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant)))), "ok");
  }
  std::optional<Place> after;
  std::vector<TaskId> turns;
  for (int i = 0; i < 4; ++i) {
    const auto unparked = unpark(bed, tenant, 1, after);
    ASSERT_EQ(unparked.tasks.size(), 1U);
    after = unparked.tasks[0];
    turns.push_back(after->task);
    ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant)))), "ok");
  }
  EXPECT_EQ(turns, (std::vector{ids[0], ids[1], ids[2], ids[0]}));
}

TEST_P(StoreConformance, TellsWhereTasksAreParkedAndWhatNodesSay) {
  const auto tenant = bed.add_tenant(), other = bed.add_tenant();
  const auto ids = submit_three(bed, tenant);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant)))), "ok");
  }
  const auto parked = bed.read([](Snapshot& s) { return s.destinations().parked_all_tenants(); });
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].name, name_of(tenant));
  EXPECT_EQ(parked[0].tasks, 3);
  EXPECT_EQ(parked[0].best, ids[0]);
  EXPECT_EQ(parked[0].oldest_ready_at, bed.now() - Millis{3});

  const DestinationRow state{name_of(tenant, ""), "n1",      DestinationState::open,
                             bed.now(),           "refused", bed.now() + Millis{3'000}};
  const auto write = [&](auto change) {
    EXPECT_TRUE(bed.transact([&](Transaction& tx) -> Result<> {
      change(tx.destination_writes());
      return {};
    }));
  };
  const auto states = [&](TenantId of) {
    return bed.read([&](Snapshot& s) { return s.destinations().states(of); });
  };
  write([&](DestinationWrites& w) { w.put_state(state); });
  ASSERT_EQ(states(tenant).size(), 1U);
  EXPECT_EQ(states(tenant)[0].name, state.name);
  EXPECT_EQ(states(tenant)[0].error, "refused");
  EXPECT_EQ(states(tenant)[0].next_call, state.next_call);
  EXPECT_TRUE(states(other).empty());
  const auto counted =
      bed.read([&](Snapshot& s) { return s.destinations().states_with_counts(tenant); });
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted[0].parked, 3) << "of all of the origin's handlers";
  write([&](DestinationWrites& w) { w.forget_unused_all_tenants("n1"); });
  EXPECT_EQ(states(tenant).size(), 1U);
  write([&](DestinationWrites& w) { w.forget_unused_all_tenants("n2"); });  // a new start
  EXPECT_TRUE(states(tenant).empty());
  EXPECT_EQ(unpark(bed, tenant, 9).tasks.size(), 3U) << "it is kept while tasks wait for it";
}

TEST_P(StoreConformance, TellsWhoseRefusalHasLastedForLongerThanItsPatience) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto opened = bed.now();
  bed.advance(Millis{10'000});
  ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant), opened))), "ok");
  bed.advance(Millis{59'999});
  EXPECT_TRUE(impatient(bed, tenant, opened).empty());
  // It goes on from the first refusal of the outage...
  unpark(bed, tenant, 1);
  ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant), opened))), "ok");
  bed.advance(Millis{1});
  ASSERT_EQ(impatient(bed, tenant, opened).size(), 1U);
  EXPECT_EQ(impatient(bed, tenant, opened)[0].id, id);
  // ...not before a probe has failed that began after it...
  EXPECT_TRUE(impatient(bed, tenant, opened, opened + Millis{5'000}).empty());
  // ...and not over a break.
  const auto again = bed.now();
  EXPECT_TRUE(impatient(bed, tenant, again).empty());
  unpark(bed, tenant, 1);
  ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant), again))), "ok");
  bed.advance(Millis{59'999});
  EXPECT_TRUE(impatient(bed, tenant, opened).empty());
  bed.advance(Millis{1});
  EXPECT_EQ(impatient(bed, tenant, again).size(), 1U);
}

TEST_P(StoreConformance, OnlyAParkedTaskIsGivenUp) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  auto end = bed.an_end(tenant, id, Status::failed);
  end.only_parked = true;
  end.error = "destination_open: connect_failed";
  EXPECT_EQ(outcome(bed.ask(end)), "invalid_state");
  const auto claimed = bed.claim_one(tenant);
  EXPECT_EQ(outcome(bed.ask(end)), "invalid_state");
  ASSERT_EQ(outcome(bed.ask(a_put_off(bed, claimed))), "ok");
  ASSERT_EQ(outcome(bed.ask(end)), "ok");
  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.status, Status::failed);
  EXPECT_EQ(row.error, end.error);
  EXPECT_EQ(row.failures, 0);
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, id); }).empty());
  EXPECT_TRUE(bed.retry(tenant, id));
  EXPECT_EQ(bed.claim_one(tenant).token.attempt, 1);
}

TEST_P(StoreConformance, AParkedTaskIsCancelledAndExpiresAsAnyOther) {
  const auto tenant = bed.add_tenant();
  auto brief = bed.a_task(tenant);
  brief.expires_at = bed.now() + Millis{1'000};
  const auto expiring = bed.submit(brief), cancelled = bed.submit(tenant);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(outcome(bed.ask(a_put_off(bed, bed.claim_one(tenant)))), "ok");
  }
  EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, cancelled))), "ok");
  bed.advance(Millis{1'000});
  const auto overdue =
      bed.read([&](Snapshot& s) { return s.tasks().overdue_all_tenants(bed.at(), 10); });
  EXPECT_EQ(overdue.size(), bed.at() ? 1U : overdue.size());
  EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, expiring, Status::expired))), "ok");
  EXPECT_TRUE(unpark(bed, tenant, 9).tasks.empty());
}

TEST_P(StoreConformance, ADeliveryThatIsSetAsideKeepsItsPlaceAndIsCalledBackInOrder) {
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto first_due = bed.now();
  Outbox outbox;
  outbox.drafts = {{domain::EventType::submitted, "{}"}};
  for (int i = 0; i < 3; ++i) {
    bed.submit(bed.a_task(tenant), outbox);
    bed.advance(Millis{10});
  }
  const auto due = [&] {
    return bed.read([&](Snapshot& s) {
      std::vector<DeliveryId> ids;
      for (const auto& row : s.deliveries().due_all_tenants(bed.now(), 10, {})) {
        ids.push_back(row.id);
      }
      return ids;
    });
  };
  const auto change = [&](auto fn) {
    EXPECT_TRUE(bed.transact([&](Transaction& tx) -> Result<> {
      fn(tx.delivery_writes());
      return {};
    }));
  };
  const auto all = due();
  ASSERT_EQ(all.size(), 3U);
  change([&](DeliveryWrites& w) {
    for (const auto id : {all[2], all[0], all[1]})
      w.set_aside(id, name_of(tenant), std::chrono::hours{75});
  });
  EXPECT_TRUE(due().empty());
  const auto waits_for =
      bed.read([](Snapshot& s) { return s.deliveries().set_aside_all_tenants(); });
  EXPECT_EQ(waits_for, std::vector{name_of(tenant)});
  EXPECT_EQ(bed.deliveries(tenant).back().first_due, first_due);
  EXPECT_EQ(bed.deliveries(tenant).back().next_at, first_due + std::chrono::hours{75});
  change([&](DeliveryWrites& w) { EXPECT_EQ(w.call_back(name_of(tenant), 2), 2); });
  EXPECT_EQ(due(), (std::vector{all[0], all[1]}));
  bed.advance(std::chrono::hours{76});
  EXPECT_EQ(due().size(), 3U) << "what is not called back is due in the end";
}

TEST_P(StoreConformance, ASecondSendingHasItsOwnNumberAndVoidsTheFirstToken) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto first = bed.claim_one(tenant);
  bed.advance(Millis{100});
  SendAgain again{tenant, id, first.token, kLease, "connection_closed", bed.at()};
  const auto reply = bed.ask(again);
  ASSERT_EQ(outcome(reply), "ok");
  EXPECT_EQ(reply->token.attempt, 2);
  EXPECT_EQ(reply->lease_until, bed.now() + kLease);
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(first))), "stale_lease");
  EXPECT_EQ(outcome(bed.ask(again)), "stale_lease");
  again.token = reply->token;
  EXPECT_EQ(outcome(bed.ask(again)), "invalid_state") << "once per run";
  const auto row = bed.row(tenant, id);
  EXPECT_EQ(row.attempt, 2);
  EXPECT_EQ(row.run_attempt, 1) << "the first one is not counted";
  auto second = first;
  second.token = reply->token;
  EXPECT_EQ(bed.finish(second, Verdict::failed).status, Status::failed);
  const auto attempts = bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, id); });
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].outcome, "released");
  EXPECT_EQ(attempts[0].error, "connection_closed");
  EXPECT_EQ(attempts[1].number, 2);
  // A new run has its own.
  EXPECT_TRUE(bed.retry(tenant, id));
  const auto third = bed.claim_one(tenant);
  again.token = third.token;
  EXPECT_EQ(outcome(bed.ask(again)), "ok");
}

}  // namespace
}  // namespace belfry::store::conformance
