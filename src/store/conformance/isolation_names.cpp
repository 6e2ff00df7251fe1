// What two tenants call by one name is two things, and what one uses up the other still has
// (PROMISES P12, P13).
#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, QueuesOfOneNameHaveTheirOwnTasks) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  const auto theirs = bed.submit(bed.a_task(stranger, "q"));
  const auto mine = bed.submit(bed.a_task(owner, "q"));
  bed.submit(bed.a_task(stranger, "q"));
  for (const auto& [tenant, pending] : {std::pair(owner, 1), std::pair(stranger, 2)}) {
    const auto rows = bed.read([&](Snapshot& s) { return s.queues().list(tenant); });
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].queue.tenant, tenant);
    EXPECT_EQ(rows[0].pending, pending);
    EXPECT_EQ(bed.read([&](Snapshot& s) { return s.queues().find(tenant, "q"); })->pending,
              pending);
  }
  TaskFilter filter;
  filter.queues = {"q"};
  const auto page =
      bed.read([&](Snapshot& s) { return s.tasks().query(owner, filter, {}, 9, true); });
  ASSERT_EQ(page.tasks.size(), 1U);
  EXPECT_EQ(page.tasks[0].id, mine);
  const auto claimed = bed.claim(bed.a_claim(owner, "q", 9));
  ASSERT_EQ(claimed.tasks.size(), 1U);
  EXPECT_EQ(claimed.tasks[0].id, mine);
  EXPECT_EQ(bed.claim_one(stranger, "q").id, theirs);
}

TEST_P(StoreConformance, ASettingChangesOnesOwnQueueOnly) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  domain::QueueSettings theirs;
  theirs.concurrency_limit = 4;
  theirs.pause_reason = "theirs";
  const auto foreign = bed.put_queue(stranger, "q", theirs);
  domain::QueueSettings mine;
  mine.paused = true;
  const auto own = bed.put_queue(owner, "q");
  EXPECT_NE(own.no, foreign.no);
  EXPECT_EQ(bed.put_queue(owner, "q", mine).no, own.no);
  bed.read([&](Snapshot& s) {
    EXPECT_EQ(s.queues().find(stranger, "q")->queue.settings, theirs);
    EXPECT_EQ(s.queues().find(owner, "q")->queue.settings, mine);
    for (const auto& [tenant, settings] : {std::pair(owner, mine), std::pair(stranger, theirs)}) {
      const auto queues = s.queues().settings(tenant);
      EXPECT_EQ(queues.size(), 1U);
      EXPECT_EQ(queues.at(0).settings, settings);
    }
    return 0;
  });
  bed.submit(bed.a_task(stranger, "q"));
  EXPECT_EQ(bed.claim(bed.a_claim(stranger, "q")).tasks.size(), 1U) << "its queue is not paused";
}

// Parks a task and sets a delivery aside, both for one destination.
class Waiting {
 public:
  Waiting(Bed& bed, TenantId tenant) : bed_(bed), name{tenant, "http://a:80", "/run"} {
    bed_.submit(bed_.a_task(tenant), {{{domain::EventType::completed, "{}"}}, "http://a:80/run"});
    const auto claimed = bed_.claim_one(tenant);
    opened = bed_.now();
    auto finish = bed_.a_finish(claimed, Verdict::released);
    finish.unsent = true;
    finish.parking = Parking{name.origin, name.handler, claimed.ready_since, opened, Millis{1'000}};
    EXPECT_EQ(outcome(bed_.ask(finish)), "ok");
    task = claimed.id;
    change([&](Transaction& tx) {
      tx.delivery_writes().set_aside(bed_.deliveries(tenant).at(0).id, name, Millis{1'000});
      for (const auto& [handler, state] :
           {std::pair("", DestinationState::open), std::pair("/run", DestinationState::busy)}) {
        DestinationRow row{name, "n", state, bed_.now(), {}, {}};
        row.name.handler = handler;
        tx.destination_writes().put_state(row);
      }
    });
  }

  template <class F>
  void change(F fn) {
    EXPECT_EQ(outcome(bed_.transact([&](Transaction& tx) -> Result<> {
                fn(tx);
                return {};
              })),
              "ok");
  }
  std::vector<DestinationRow> states() {
    return bed_.read([&](Snapshot& s) { return s.destinations().states_with_counts(name.tenant); });
  }

 private:
  Bed& bed_;

 public:
  DestinationName name;
  TaskId task;
  Timestamp opened;
};

TEST_P(StoreConformance, DestinationsOfOneAddressAreApart) {
  Waiting theirs(bed, bed.add_tenant()), mine(bed, bed.add_tenant());
  for (auto* one : {&mine, &theirs}) {
    const auto states = one->states();
    ASSERT_EQ(states.size(), 2U);
    for (const auto& state : states) {
      EXPECT_EQ(state.name.tenant, one->name.tenant);
      EXPECT_EQ(state.parked, 1) << state.name.handler;
    }
    EXPECT_EQ(bed.row(one->name.tenant, one->task).parked_at, one->name);
  }
  bed.advance(Millis{1'000});
  const Outage outage{mine.opened, bed.now(), bed.now()};
  bed.read([&](Snapshot& s) {
    EXPECT_EQ(s.destinations().parked_all_tenants().size(), 2U);
    EXPECT_EQ(s.deliveries().set_aside_all_tenants().size(), 2U);
    const auto impatient = s.destinations().impatient(mine.name, outage, 9);
    EXPECT_EQ(impatient.size(), 1U);
    EXPECT_EQ(impatient.at(0).id, mine.task);
    return 0;
  });
  mine.change([&](Transaction& tx) {
    EXPECT_EQ(tx.destination_writes().unpark(mine.name, {}, 9).tasks.size(), 1U);
    EXPECT_EQ(tx.delivery_writes().call_back(mine.name, 9), 1);
    tx.destination_writes().remove_state(mine.name, "n");
  });
  EXPECT_FALSE(bed.row(mine.name.tenant, mine.task).parked_at);
  EXPECT_EQ(bed.row(theirs.name.tenant, theirs.task).parked_at, theirs.name);
  EXPECT_EQ(mine.states().size(), 1U);
  EXPECT_EQ(theirs.states().size(), 2U);
  const auto left = bed.read([](Snapshot& s) { return s.deliveries().set_aside_all_tenants(); });
  EXPECT_EQ(left, std::vector{theirs.name});
  EXPECT_EQ(bed.claim(bed.a_claim(mine.name.tenant)).tasks.size(), 1U);
  EXPECT_TRUE(bed.claim(bed.a_claim(theirs.name.tenant)).tasks.empty());
}

TEST_P(StoreConformance, AnAnswerIsKeptAndPrunedForItsTenantsKeyOnly) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  const IdempotentAnswer large{std::string(32, 'a'), 200, std::string(500, 'x')};
  const IdempotentAnswer small{std::string(32, 'b'), 201, "{}"};
  const auto with_writes = [&](auto fn) {
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                fn(tx.idempotency_writes());
                return {};
              })),
              "ok");
  };
  const auto bytes = [&](TenantId of) {
    return bed.read([&](Snapshot& s) { return s.metrics().stored_bytes(of); });
  };
  with_writes([&](IdempotencyWrites& w) { w.insert(owner, "k", large, bed.now()); });
  const auto of_owner = bytes(owner);
  EXPECT_GT(of_owner, 500);
  EXPECT_EQ(bytes(stranger), 0);
  bed.advance(Millis{1});
  with_writes([&](IdempotencyWrites& w) { w.insert(stranger, "k", small, bed.now()); });
  EXPECT_EQ(bytes(owner), of_owner);
  EXPECT_EQ(bytes(stranger), of_owner - 498);
  with_writes([&](IdempotencyWrites& w) {
    EXPECT_EQ(w.find(owner, "k")->body, large.body);
    EXPECT_EQ(w.find(stranger, "k")->body, small.body);
    EXPECT_EQ(w.prune_all_tenants(bed.now(), 9), 1) << "the elder";
    EXPECT_FALSE(w.find(owner, "k"));
    EXPECT_EQ(w.find(stranger, "k")->body, small.body);
  });
  EXPECT_EQ(bytes(owner), 0);
  EXPECT_EQ(bytes(stranger), of_owner - 498);
}

TEST_P(StoreConformance, OneTenantsRowsUseUpNothingOfAnothersLimits) {
  const auto full = bed.add_tenant();
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              for (int i = 0; i < domain::kEndpointsMax; ++i) {
                if (auto done = tx.endpoint_writes().insert(bed.an_endpoint(full)); !done)
                  return done;
              }
              for (int i = 0; i < domain::kApiKeysMax; ++i) {
                if (auto done = tx.api_key_writes().insert(bed.an_api_key(full)); !done)
                  return done;
              }
              for (int i = 0; i < domain::kQueuesMax; ++i) {
                auto put = tx.queue_writes().put(full, "q" + std::to_string(i), {}, bed.now());
                if (!put) return fail(put.error());
              }
              return {};
            })),
            "ok");
  bed.submit(bed.a_task(full, "q0"));
  const auto bytes = bed.read([&](Snapshot& s) { return s.metrics().stored_bytes(full); });
  const auto other =
      bed.add_tenant({.running_max = 1, .unfinished_max = 1, .stored_max = bytes + 100});
  bed.add_endpoint(bed.an_endpoint(other));
  bed.put_queue(other, "put");
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) {
              return tx.api_key_writes().insert(bed.an_api_key(other));
            })),
            "ok");
  bed.claim_one(full, "q0");
  bed.submit(bed.a_task(other, "submitted"));
  EXPECT_EQ(bed.claim(bed.a_claim(other, "submitted")).tasks.size(), 1U);
}

}  // namespace
}  // namespace belfry::store::conformance
