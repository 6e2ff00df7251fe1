#include <map>
#include <set>

#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::EventType;

class StoreDeliveries {
 public:
  explicit StoreDeliveries(Bed& bed) : bed_(bed) {}

  // A task's event to every endpoint; the newest delivery.
  DeliveryRow add(TenantId tenant, TaskId task) {
    auto renew = bed_.a_renewal(running_);
    renew.outbox.drafts = {{EventType::started, "{}"}};
    EXPECT_EQ(outcome(bed_.ask(renew)), "ok");
    return bed_.deliveries(tenant, {.task = task}).front();
  }
  TaskId a_running_task(TenantId tenant) {
    bed_.submit(tenant);
    running_ = bed_.claim_one(tenant);
    return running_.id;
  }
  void record(const DeliveryRow& delivery, DeliveryState state,
              std::optional<Timestamp> next_at = {}, int http_status = 200) {
    const auto done = bed_.transact([&](Transaction& tx) -> Result<> {
      DeliveryAttemptRow attempt;
      attempt.number = delivery.attempts_total + 1;
      attempt.at = bed_.now();
      attempt.duration = Millis{12};
      attempt.http_status = http_status;
      attempt.failure = state == DeliveryState::delivered ? "" : "status";
      attempt.answer = "hello";
      tx.delivery_writes().record_attempt(delivery.id, attempt, state, next_at);
      return {};
    });
    EXPECT_EQ(outcome(done), "ok");
  }
  DeliveryRow row(const DeliveryRow& delivery) {
    auto found =
        bed_.read([&](Snapshot& s) { return s.deliveries().find(delivery.tenant, delivery.id); });
    EXPECT_TRUE(found.has_value());
    return found.value_or(DeliveryRow{});
  }
  std::vector<DeliveryRow> due(const std::vector<DeliveryId>& in_flight = {}) {
    return bed_.read(
        [&](Snapshot& s) { return s.deliveries().due_all_tenants(bed_.at(), 10, in_flight); });
  }
  Result<> redeliver(const DeliveryRow& delivery) {
    return bed_.transact([&](Transaction& tx) {
      return tx.delivery_writes().redeliver(delivery.tenant, delivery.id, bed_.now());
    });
  }

 private:
  Bed& bed_;
  Claim::Task running_;
};

TEST_P(StoreConformance, ADeliveryGoesThroughItsSchedule) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto task = deliveries.a_running_task(tenant);
  const auto first = deliveries.add(tenant, task);
  ASSERT_EQ(deliveries.due().size(), 1U);
  EXPECT_TRUE(deliveries.due({first.id}).empty()) << "in flight";

  const auto next = bed.now() + Millis{5'000};
  deliveries.record(first, DeliveryState::waiting, next, 500);
  EXPECT_TRUE(deliveries.due().empty());
  EXPECT_EQ(bed.read([](Snapshot& s) { return s.deliveries().next_due_all_tenants(); }), next);
  bed.advance(Millis{5'000});
  ASSERT_EQ(deliveries.due().size(), 1U);
  EXPECT_EQ(deliveries.due()[0].attempts, 1);
  deliveries.record(deliveries.due()[0], DeliveryState::delivered);
  const auto done = deliveries.row(first);
  EXPECT_EQ(done.state, DeliveryState::delivered);
  EXPECT_EQ(done.attempts_total, 2);
  EXPECT_TRUE(done.finished_at);
  EXPECT_FALSE(done.next_at);
  const auto attempts =
      bed.read([&](Snapshot& s) { return s.deliveries().attempts(tenant, first.id); });
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].http_status, 500);
  EXPECT_EQ(attempts[0].failure, "status");
  EXPECT_EQ(attempts[1].duration, Millis{12});
  EXPECT_EQ(attempts[1].answer, "hello");
  EXPECT_EQ(bed.read([](Snapshot& s) { return s.deliveries().waiting_all_tenants(); }), 0);
}

TEST_P(StoreConformance, TheNextDeliveryOfATaskWaitsForItsElder) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto task = deliveries.a_running_task(tenant);
  const auto one = deliveries.add(tenant, task);
  const auto two = deliveries.add(tenant, task);
  const auto three = deliveries.add(tenant, task);
  deliveries.record(one, DeliveryState::waiting, bed.now() + Millis{60'000}, 500);
  EXPECT_TRUE(deliveries.due().empty());
  deliveries.record(deliveries.row(one), DeliveryState::exhausted, {}, 500);
  EXPECT_TRUE(bed.committed.deliveries_added) << "the courier has work";
  bed.advance(Millis{12});
  ASSERT_EQ(deliveries.due().size(), 1U) << "given up counts as done";
  EXPECT_EQ(deliveries.due()[0].id, two.id);
  deliveries.record(two, DeliveryState::delivered);
  bed.advance(Millis{12});
  ASSERT_EQ(deliveries.due().size(), 1U);
  EXPECT_EQ(deliveries.due()[0].id, three.id);
}

TEST_P(StoreConformance, RedeliveryStartsANewRound) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto task = deliveries.a_running_task(tenant);
  const auto delivery = deliveries.add(tenant, task);
  EXPECT_EQ(outcome(deliveries.redeliver(delivery)), "invalid_state");
  deliveries.record(delivery, DeliveryState::exhausted, {}, 500);
  EXPECT_EQ(bed.deliveries(tenant, {.state = DeliveryState::exhausted}).size(), 1U);
  ASSERT_EQ(outcome(deliveries.redeliver(delivery)), "ok");
  EXPECT_TRUE(bed.committed.deliveries_added);
  const auto again = deliveries.row(delivery);
  EXPECT_EQ(again.state, DeliveryState::waiting);
  EXPECT_EQ(again.attempts, 0);
  EXPECT_EQ(again.attempts_total, 1);
  deliveries.record(again, DeliveryState::delivered);
  EXPECT_EQ(deliveries.row(delivery).attempts_total, 2);
}

TEST_P(StoreConformance, ANewRoundForgetsThatItsDeliveryWasSetAside) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  auto endpoint = bed.an_endpoint(tenant);
  bed.add_endpoint(endpoint);
  const auto delivery = deliveries.add(tenant, deliveries.a_running_task(tenant));
  deliveries.record(delivery, DeliveryState::waiting, bed.now() + Millis{10}, 503);
  const auto enable = [&](bool on) {
    endpoint.enabled = on;
    return outcome(
        bed.transact([&](Transaction& tx) { return tx.endpoint_writes().update(endpoint); }));
  };
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.delivery_writes().set_aside(delivery.id, {tenant, "https://example.com:443", ""},
                                             std::chrono::hours{75});
              return {};
            })),
            "ok");
  ASSERT_EQ(enable(false), "ok");
  EXPECT_EQ(deliveries.row(delivery).state, DeliveryState::exhausted) << "it is given up";
  ASSERT_EQ(enable(true), "ok");
  bed.advance(Millis{5'000});
  ASSERT_EQ(outcome(deliveries.redeliver(delivery)), "ok");
  const auto again = deliveries.row(delivery);
  EXPECT_EQ(again.state, DeliveryState::waiting);
  EXPECT_EQ(again.attempts, 0);
  EXPECT_EQ(again.attempts_total, 1);
  EXPECT_EQ(again.next_at, bed.now());
  EXPECT_FALSE(again.finished_at);
  EXPECT_FALSE(again.first_due);
  bed.read([&](Snapshot& s) {
    EXPECT_TRUE(s.deliveries().set_aside_all_tenants().empty());
    EXPECT_FALSE(s.deliveries().put_off_longest_all_tenants());
    return 0;
  });
  EXPECT_EQ(deliveries.due().size(), 1U);
}

TEST_P(StoreConformance, ADeliveryIsDueFromItsVeryMillisecond) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto delivery = deliveries.add(tenant, deliveries.a_running_task(tenant));
  deliveries.record(delivery, DeliveryState::waiting, bed.now() + Millis{1'000}, 500);
  bed.advance(Millis{999});
  EXPECT_TRUE(deliveries.due().empty());
  bed.advance(Millis{1});
  EXPECT_EQ(deliveries.due().size(), 1U);
}

TEST_P(StoreConformance, RemovingOrDisablingAnEndpointGivesUpItsDeliveries) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  auto off = bed.an_endpoint(tenant);
  bed.add_endpoint(off);
  const auto gone = bed.add_endpoint(bed.an_endpoint(tenant));
  const auto task = deliveries.a_running_task(tenant);
  deliveries.add(tenant, task);
  ASSERT_EQ(deliveries.due().size(), 2U);
  off.enabled = false;
  off.disabled_reason = "failing";
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              if (auto done = tx.endpoint_writes().update(off); !done) return done;
              return tx.endpoint_writes().remove(tenant, gone);
            })),
            "ok");
  EXPECT_TRUE(deliveries.due().empty());
  const auto rows = bed.deliveries(tenant, {.task = task});
  ASSERT_EQ(rows.size(), 2U);
  for (const auto& row : rows) {
    EXPECT_EQ(row.state, DeliveryState::exhausted);
    EXPECT_EQ(outcome(deliveries.redeliver(row)), "invalid_state");
  }
}

TEST_P(StoreConformance, DeliveriesArePagedNewestFirstAndFiltered) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  const auto a = bed.add_endpoint(bed.an_endpoint(tenant));
  bed.add_endpoint(bed.an_endpoint(tenant));
  std::vector<TaskId> tasks;
  for (int i = 0; i < 5; ++i) {
    tasks.push_back(deliveries.a_running_task(tenant));
    deliveries.add(tenant, tasks.back());
  }
  std::vector<DeliveryId> seen;
  std::optional<DeliveryId> before;
  for (;;) {
    const auto page =
        bed.read([&](Snapshot& s) { return s.deliveries().list(tenant, {}, before, 3); });
    if (page.empty()) break;
    EXPECT_LE(page.size(), 3U);
    for (const auto& row : page) seen.push_back(row.id);
    before = page.back().id;
  }
  ASSERT_EQ(seen.size(), 10U);
  EXPECT_EQ(bed.deliveries(tenant, {.endpoint = a}).size(), 5U);
  EXPECT_EQ(bed.deliveries(tenant, {.task = tasks[2]}).size(), 2U);
  EXPECT_EQ(bed.deliveries(tenant, {.endpoint = a, .task = tasks[2]}).size(), 1U);
  EXPECT_EQ(bed.deliveries(tenant, {.state = DeliveryState::waiting}).size(), 10U);
  EXPECT_TRUE(bed.deliveries(tenant, {.state = DeliveryState::delivered}).empty());
}

TEST_P(StoreConformance, ATestStandsAlone) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  const auto endpoint = bed.add_endpoint(bed.an_endpoint(tenant));
  DeliveryRow test;
  test.id = bed.make_id<DeliveryId>();
  test.tenant = tenant;
  test.endpoint = endpoint;
  test.type = EventType::test;
  test.body = "{}";
  test.created_at = bed.now();
  test.next_at = bed.now();
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.delivery_writes().insert_test(test);
              return {};
            })),
            "ok");
  ASSERT_EQ(deliveries.due().size(), 1U);
  EXPECT_FALSE(deliveries.due()[0].task);
  EXPECT_EQ(deliveries.due()[0].type, EventType::test);
  deliveries.record(test, DeliveryState::delivered);
  EXPECT_EQ(deliveries.row(test).state, DeliveryState::delivered);
}

TEST_P(StoreConformance, PruningDoesNotSetTheSequenceOfAnUnfinishedTaskBack) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto task = deliveries.a_running_task(tenant);
  for (std::int64_t sequence = 1; sequence <= 3; ++sequence) {
    const auto next = deliveries.add(tenant, task);
    EXPECT_EQ(next.sequence, sequence);
    deliveries.record(next, DeliveryState::delivered);
    bed.advance(Millis{5'000});
    const auto pruned = bed.transact([&](Transaction& tx) -> Result<> {
      tx.delivery_writes().prune_all_tenants(bed.now(), 100);
      return {};
    });
    ASSERT_EQ(outcome(pruned), "ok");
    EXPECT_EQ(bed.deliveries(tenant).size(), 1U) << "only the newest stays";
  }
}

TEST_P(StoreConformance, PruningDeliveriesKeepsThoseOnTheirWayAndTheYoung) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto task = deliveries.a_running_task(tenant);
  const auto old = deliveries.add(tenant, task);
  deliveries.record(old, DeliveryState::delivered);
  const auto waiting = deliveries.add(tenant, task);
  bed.advance(Millis{100'000});
  const auto other = deliveries.a_running_task(tenant);
  const auto young = deliveries.add(tenant, other);
  deliveries.record(young, DeliveryState::delivered);
  int gone = 0;
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              gone = tx.delivery_writes().prune_all_tenants(bed.now() - Millis{1'000}, 100);
              return {};
            })),
            "ok");
  EXPECT_EQ(gone, 1);
  EXPECT_FALSE(bed.read([&](Snapshot& s) { return s.deliveries().find(tenant, old.id); }));
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.deliveries().find(tenant, waiting.id); }));
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.deliveries().find(tenant, young.id); }));
}

// A backlog of one tenant, older than anybody else's, fills every batch: the others are in it too.
TEST_P(StoreConformance, TenantsTakeTurnsWhenMoreDeliveriesAreDueThanAreRead) {
  constexpr int kRead = 10;
  const auto noisy = bed.add_tenant(), quiet = bed.add_tenant(), other = bed.add_tenant();
  const auto submit = [&](TenantId tenant) {
    return bed.submit(bed.a_task(tenant),
                      Outbox{{{EventType::completed, "{}"}}, "http://127.0.0.1:1/"});
  };
  for (int i = 0; i < 3 * kRead; ++i) submit(noisy);
  bed.advance(Millis{1});
  submit(quiet);
  submit(other);
  bed.advance(Millis{1});
  const auto due =
      bed.read([&](Snapshot& s) { return s.deliveries().due_all_tenants(bed.at(), kRead, {}); });
  ASSERT_EQ(due.size(), static_cast<std::size_t>(kRead));
  std::map<TenantId, int> of;
  std::set<DeliveryId> different;
  for (const auto& row : due) {
    ++of[row.tenant];
    different.insert(row.id);
  }
  EXPECT_EQ(of[noisy], kRead - 2);
  EXPECT_EQ(of[quiet], 1);
  EXPECT_EQ(of[other], 1);
  EXPECT_EQ(different.size(), due.size());
  // Those under way are left out, also in turn.
  const auto rest = bed.read([&](Snapshot& s) {
    return s.deliveries().due_all_tenants(bed.at(), 3 * kRead,
                                          {different.begin(), different.end()});
  });
  EXPECT_EQ(rest.size(), static_cast<std::size_t>(2 * kRead + 2));
}

TEST_P(StoreConformance, ADeliveryThatIsPutOffKeepsTheTimeAtWhichItWasDue) {
  StoreDeliveries deliveries(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto delivery = deliveries.add(tenant, deliveries.a_running_task(tenant));
  const auto due = delivery.next_at;
  const auto longest = [&] {
    return bed.read([](Snapshot& s) { return s.deliveries().put_off_longest_all_tenants(); });
  };
  EXPECT_FALSE(longest());
  for (int i = 0; i < 2; ++i) {
    bed.advance(Millis{1'000});
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                tx.delivery_writes().postpone(delivery.id, bed.now() + Millis{60'000});
                return {};
              })),
              "ok");
    EXPECT_EQ(longest(), due);
  }
  deliveries.record(delivery, DeliveryState::waiting, bed.now() + Millis{5'000}, 500);
  EXPECT_FALSE(longest());
}

}  // namespace
}  // namespace belfry::store::conformance
