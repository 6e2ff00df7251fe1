// Every list holds one's own rows only, while another tenant has rows of each kind beside them
// (PROMISES P12): one with nothing beside it would hide a condition that is missing.
#include <algorithm>
#include <map>

#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::EventType;
using domain::Status;

constexpr Status kStatuses[] = {Status::scheduled, Status::pending, Status::running,
                                Status::completed, Status::failed,  Status::cancelled,
                                Status::expired};

std::vector<TaskId> sorted(std::vector<TaskId> ids) {
  std::ranges::sort(ids);
  return ids;
}

std::vector<TaskId> ids_of(const TaskPage& page) {
  std::vector<TaskId> ids;
  for (const auto& row : page.tasks) ids.push_back(row.id);
  return sorted(std::move(ids));
}

// A PENDING task that waits for a destination.
TaskId a_parked_task(Bed& bed, TenantId tenant) {
  bed.submit(bed.a_task(tenant, "parked"));
  const auto claimed = bed.claim_one(tenant, "parked");
  auto finish = bed.a_finish(claimed, Verdict::released);
  finish.unsent = true;
  finish.parking = Parking{"http://a:80", "/run", claimed.ready_since, {}, Millis{60'000}};
  EXPECT_EQ(outcome(bed.ask(finish)), "ok");
  return claimed.id;
}

TEST_P(StoreConformance, EveryStatusListsOnesOwnTasksOnlyAloneAndWithAnother) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  std::map<TenantId, std::map<Status, std::vector<TaskId>>> tasks;
  for (const auto tenant : {owner, stranger, owner, stranger}) {
    for (const auto status : kStatuses) {
      tasks[tenant][status].push_back(bed.task_in(tenant, status));
    }
    tasks[tenant][Status::pending].push_back(a_parked_task(bed, tenant));
  }
  const auto query = [&](TenantId tenant, const TaskFilter& filter) {
    return ids_of(
        bed.read([&](Snapshot& s) { return s.tasks().query(tenant, filter, {}, 100, true); }));
  };
  for (auto& [tenant, own] : tasks) {
    for (const auto one : kStatuses) {
      for (const auto two : kStatuses) {
        TaskFilter filter;
        filter.statuses = {one, two};
        auto wanted = own[one];
        if (one != two) wanted.insert(wanted.end(), own[two].begin(), own[two].end());
        EXPECT_EQ(query(tenant, filter), sorted(wanted)) << name(one) << " " << name(two);
      }
    }
    TaskFilter by_name;
    by_name.names = {"mail"};
    EXPECT_EQ(query(tenant, by_name).size(), 16U);
    EXPECT_EQ(query(tenant, {}).size(), 16U);
    for (const auto& failure :
         bed.read([&](Snapshot& s) { return s.tasks().failures(tenant, {}, 9); })) {
      EXPECT_EQ(std::ranges::count(own[Status::failed], failure.id), 1);
    }
    for (const auto& row : bed.read([&](Snapshot& s) { return s.tasks().upcoming(tenant, 9); })) {
      EXPECT_EQ(std::ranges::count(own[Status::scheduled], row.id), 1);
    }
  }
}

// So many pending tasks are not sorted but looked for along the list of unfinished ones.
TEST_P(StoreConformance, ALongListOfPendingTasksHoldsOnesOwnOnly) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  std::vector<Command> submits;
  for (int i = 0; i < 5'001; ++i) submits.emplace_back(Submit{bed.a_task(owner), {}, {}});
  bed.ask_all(std::move(submits));
  bed.task_in(owner, Status::running);
  for (int i = 0; i < 3; ++i) bed.submit(stranger);
  const auto newest = bed.submit(owner);
  TaskFilter pending;
  pending.statuses = {Status::pending};
  const auto page =
      bed.read([&](Snapshot& s) { return s.tasks().query(owner, pending, {}, 10, true); });
  ASSERT_EQ(page.tasks.size(), 10U);
  EXPECT_EQ(page.tasks[0].id, newest);
  for (const auto& row : page.tasks) EXPECT_EQ(row.tenant, owner);
}

TEST_P(StoreConformance, AForeignTasksRunsAndProgressAreNotTold) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  bed.submit(owner);
  const auto claimed = bed.claim_one(owner);
  auto renew = bed.a_renewal(claimed);
  renew.progress = Progress{1, "x", {"line"}};
  ASSERT_EQ(outcome(bed.ask(renew)), "ok");
  bed.finish(claimed, Verdict::retry);
  const auto ended = bed.claim_one(owner);
  bed.read([&](Snapshot& s) {
    EXPECT_EQ(s.tasks().attempts(owner, claimed.id).size(), 2U);
    EXPECT_TRUE(s.tasks().attempts(stranger, claimed.id).empty());
    EXPECT_EQ(s.tasks().log_lines(owner, claimed.id, 9).size(), 1U);
    EXPECT_TRUE(s.tasks().log_lines(stranger, claimed.id, 9).empty());
    EXPECT_FALSE(s.tasks().find_summary(stranger, claimed.id));
    EXPECT_FALSE(s.tasks().find_even_damaged(stranger, claimed.id));
    return 0;
  });
  SendAgain again{stranger, ended.id, ended.token, kLease, "closed", bed.at()};
  EXPECT_EQ(outcome(bed.ask(again)), "not_found");
  bed.finish(ended, Verdict::retry);
  const auto ahead = [&](TenantId of) {
    return bed.read([&](Snapshot& s) { return s.tasks().ahead(of, claimed.id, kAllLanes, 9); });
  };
  EXPECT_EQ(ahead(owner), 0);
  EXPECT_EQ(ahead(stranger), std::nullopt);
}

// Callbacks of all tenants go under one number where an endpoint's would stand.
class Callbacks {
 public:
  explicit Callbacks(Bed& bed) : bed_(bed) {}

  // One task with a waiting callback and a held one, one with a delivered, one with an exhausted.
  std::vector<TaskId> add(TenantId tenant) {
    std::vector<TaskId> tasks = {submit(tenant, {EventType::completed, EventType::failed})};
    for (const auto state : {DeliveryState::delivered, DeliveryState::exhausted}) {
      tasks.push_back(submit(tenant, {EventType::completed}));
      end(bed_.deliveries(tenant, {.task = tasks.back()}).at(0).id, state);
    }
    return tasks;
  }

 private:
  TaskId submit(TenantId tenant, const std::vector<EventType>& types) {
    Outbox outbox{{}, "https://example.com/done"};
    for (const auto type : types) outbox.drafts.push_back({type, "{}"});
    return bed_.submit(bed_.a_task(tenant), std::move(outbox));
  }
  void end(DeliveryId id, DeliveryState state) {
    EXPECT_EQ(outcome(bed_.transact([&](Transaction& tx) -> Result<> {
                tx.delivery_writes().record_attempt(id, bed_.a_first_attempt(), state, {});
                return {};
              })),
              "ok");
  }

  Bed& bed_;
};

TEST_P(StoreConformance, CallbacksInEveryStateAreOnesOwn) {
  Callbacks callbacks(bed);
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  std::map<TenantId, std::vector<TaskId>> tasks;
  for (const auto tenant : {owner, stranger}) tasks[tenant] = callbacks.add(tenant);
  for (const auto& [tenant, other] : {std::pair(owner, stranger), std::pair(stranger, owner)}) {
    const auto own = bed.deliveries(tenant);
    EXPECT_EQ(own.size(), 4U);
    for (const auto& row : own) EXPECT_EQ(row.tenant, tenant);
    for (const auto state : {DeliveryState::held, DeliveryState::waiting, DeliveryState::delivered,
                             DeliveryState::exhausted}) {
      const auto rows = bed.deliveries(tenant, {.state = state});
      ASSERT_EQ(rows.size(), 1U) << static_cast<int>(state);
      EXPECT_EQ(rows[0].tenant, tenant);
      EXPECT_EQ(rows[0].state, state);
      for (const auto task : tasks[other]) {
        EXPECT_TRUE(bed.deliveries(tenant, {.task = task, .state = state}).empty());
      }
    }
    for (const auto task : tasks[tenant]) {
      EXPECT_FALSE(bed.deliveries(tenant, {.task = task}).empty());
    }
    for (const auto task : tasks[other]) {
      EXPECT_TRUE(bed.deliveries(tenant, {.task = task}).empty());
    }
    const auto foreign = bed.deliveries(other).front().id;
    bed.read([&](Snapshot& s) {
      EXPECT_TRUE(s.deliveries().list(tenant, {}, foreign, 9).empty()) << "a foreign cursor";
      return 0;
    });
  }
}

TEST_P(StoreConformance, ATestForAForeignEndpointIsNotWritten) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  DeliveryRow test;
  test.endpoint = bed.add_endpoint(bed.an_endpoint(owner));
  test.type = EventType::test;
  test.body = "{}";
  const auto insert = [&](TenantId by) {
    test.id = bed.make_id<DeliveryId>();
    test.tenant = by;
    test.created_at = bed.now();
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                tx.delivery_writes().insert_test(test);
                return {};
              })),
              "ok");
    return bed.read([](Snapshot& s) { return s.deliveries().waiting_all_tenants(); });
  };
  EXPECT_EQ(insert(stranger), 0);
  EXPECT_EQ(insert(owner), 1);
  EXPECT_TRUE(bed.deliveries(stranger).empty());
}

TEST_P(StoreConformance, KeysEndpointsAndSeriesAreListedApart) {
  const auto owner = bed.add_tenant(), stranger = bed.add_tenant();
  const auto hour = std::chrono::floor<std::chrono::hours>(bed.now());
  for (const auto tenant : {owner, stranger}) {
    bed.add_endpoint(bed.an_endpoint(tenant));
    ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) {
                return tx.api_key_writes().insert(bed.an_api_key(tenant));
              })),
              "ok");
    bed.submit(tenant);
  }
  bed.submit(stranger);
  bed.read([&](Snapshot& s) {
    for (const auto tenant : {owner, stranger}) {
      const auto keys = s.api_keys().list(tenant);
      EXPECT_EQ(keys.size(), 1U);
      EXPECT_EQ(keys.at(0).tenant, tenant);
      const auto endpoints = s.endpoints().list(tenant);
      EXPECT_EQ(endpoints.size(), 1U);
      EXPECT_EQ(endpoints.at(0).tenant, tenant);
      for (const bool hourly : {false, true}) {
        const auto to = hour + std::chrono::hours(1);
        const auto points = s.metrics().series(tenant, hour, to, hourly);
        EXPECT_EQ(points.size(), 1U);
        EXPECT_EQ(points.at(0).submitted, tenant == owner ? 1 : 2);
      }
    }
    return 0;
  });
}

}  // namespace
}  // namespace belfry::store::conformance
