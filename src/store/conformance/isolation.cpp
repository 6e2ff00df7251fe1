#include "store/conformance/bed.hpp"

// No read and no command of one tenant reaches what is another's (PROMISES P12).
namespace belfry::store::conformance {
namespace {

using domain::EventType;
using domain::Status;

TEST_P(StoreConformance, AForeignTaskIsAsIfItWereNone) {
  const auto owner = bed.add_tenant();
  const auto stranger = bed.add_tenant();
  bed.submit(stranger);
  auto task = bed.a_task(owner, "q");
  task.options.tags = {"red"};
  bed.submit(task);
  auto claimed = bed.claim_one(owner, "q");
  auto renew = bed.a_renewal(claimed);
  renew.progress = Progress{1, "x", {"line"}};
  ASSERT_EQ(outcome(bed.ask(renew)), "ok");

  bed.read([&](Snapshot& s) {
    EXPECT_FALSE(s.tasks().find(stranger, task.id));
    EXPECT_TRUE(s.tasks().attempts(stranger, task.id).empty());
    EXPECT_TRUE(s.tasks().log_lines(stranger, task.id, 10).empty());
    EXPECT_FALSE(s.queues().find(stranger, "q"));
    TaskFilter by_tag, by_queue, by_text;
    by_tag.tags = {"red"};
    by_queue.queues = {"q"};
    by_text.text = to_string(task.id);
    for (const auto& filter : {by_tag, by_queue, by_text}) {
      EXPECT_TRUE(s.tasks().query(stranger, filter, {}, 10, false).tasks.empty());
    }
    return 0;
  });
  auto stolen = claimed;
  stolen.tenant = stranger;
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(stolen))), "not_found");
  EXPECT_EQ(outcome(bed.ask(bed.a_renewal(stolen))), "not_found");
  EXPECT_EQ(outcome(bed.ask(bed.an_end(stranger, task.id))), "not_found");
  bed.finish(claimed);
  EXPECT_EQ(outcome(bed.retry(stranger, task.id)), "not_found");
  EXPECT_EQ(outcome(bed.ask(bed.a_renewal(stolen))), "not_found");
  EXPECT_EQ(bed.status(owner, task.id), Status::completed);
}

TEST_P(StoreConformance, ListsAndCursorsHoldOnesOwnTasksOnly) {
  const auto owner = bed.add_tenant();
  const auto stranger = bed.add_tenant();
  std::vector<TaskId> mine, theirs;
  for (int i = 0; i < 10; ++i) {
    mine.push_back(bed.submit(owner));
    theirs.push_back(bed.submit(stranger));
  }
  for (int i = 0; i < 3; ++i) {
    bed.finish(bed.claim_one(owner), Verdict::failed);
    bed.finish(bed.claim_one(stranger), Verdict::failed);
  }
  bed.claim_one(stranger);
  const auto all_mine = [&](const TaskFilter& filter, std::optional<TaskId> before) {
    const auto page =
        bed.read([&](Snapshot& s) { return s.tasks().query(owner, filter, before, 100, true); });
    for (const auto& row : page.tasks) EXPECT_EQ(row.tenant, owner);
    return page.tasks.size();
  };
  EXPECT_EQ(all_mine({}, {}), 10U);
  EXPECT_EQ(all_mine({}, theirs[5]), 6U) << "a foreign cursor is a place in time, and no more";
  for (int i = 0; i < domain::kStatusCount; ++i) {
    TaskFilter filter;
    filter.statuses = {static_cast<Status>(i)};
    all_mine(filter, {});
  }
  TaskFilter running;
  running.statuses = {Status::running};
  EXPECT_EQ(all_mine(running, {}), 0U);
  EXPECT_EQ(bed.counts(owner)[Status::failed], 3);
  EXPECT_EQ(bed.counts(owner)[Status::running], 0);
}

TEST_P(StoreConformance, ForeignEndpointsAndDeliveriesAreAsIfTheyWereNone) {
  const auto owner = bed.add_tenant();
  const auto stranger = bed.add_tenant();
  const auto endpoint = bed.an_endpoint(owner);
  bed.add_endpoint(endpoint);
  const auto id = bed.submit(bed.a_task(owner), {{{EventType::submitted, "{}"}}, {}});
  const auto delivery = bed.deliveries(owner).at(0);
  bed.read([&](Snapshot& s) {
    EXPECT_FALSE(s.endpoints().find(stranger, endpoint.id));
    EXPECT_TRUE(s.endpoints().list(stranger).empty());
    EXPECT_FALSE(s.deliveries().find(stranger, delivery.id));
    EXPECT_TRUE(s.deliveries().attempts(stranger, delivery.id).empty());
    EXPECT_TRUE(s.deliveries().list(stranger, {}, {}, 10).empty());
    EXPECT_TRUE(s.deliveries().list(stranger, {.endpoint = endpoint.id}, {}, 10).empty());
    EXPECT_TRUE(s.deliveries().list(stranger, {.task = id}, {}, 10).empty());
    EXPECT_TRUE(s.deliveries().list(stranger, {}, delivery.id, 10).empty());
    return 0;
  });
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) {
              return tx.delivery_writes().redeliver(stranger, delivery.id, bed.now());
            })),
            "not_found");
  auto stolen = endpoint;
  stolen.tenant = stranger;
  EXPECT_EQ(
      outcome(bed.transact([&](Transaction& tx) { return tx.endpoint_writes().update(stolen); })),
      "not_found");
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) {
              return tx.endpoint_writes().remove(stranger, endpoint.id);
            })),
            "not_found");
  EXPECT_EQ(bed.deliveries(owner).at(0).state, DeliveryState::waiting);
  bed.submit(bed.a_task(stranger), {{{EventType::submitted, "{}"}}, {}});
  EXPECT_EQ(bed.deliveries(owner).size(), 1U);
  EXPECT_TRUE(bed.deliveries(stranger).empty()) << "no foreign endpoint hears of its task";
}

TEST_P(StoreConformance, KeysAndMetricsAreOnesOwn) {
  const auto owner = bed.add_tenant();
  const auto stranger = bed.add_tenant();
  const auto key = bed.an_api_key(owner);
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) { return tx.api_key_writes().insert(key); })),
            "ok");
  bed.submit(owner);
  const auto from = std::chrono::floor<std::chrono::hours>(bed.now());
  bed.read([&](Snapshot& s) {
    EXPECT_TRUE(s.api_keys().list(stranger).empty());
    EXPECT_TRUE(s.queues().list(stranger).empty());
    EXPECT_EQ(s.metrics().counts(stranger)[Status::pending], 0);
    EXPECT_TRUE(s.metrics().series(stranger, from, from + std::chrono::hours(1), true).empty());
    return 0;
  });
}

TEST_P(StoreConformance, AnUnknownTenantHasNothing) {
  const auto owner = bed.add_tenant();
  const auto id = bed.submit(owner);
  const auto nobody = bed.make_id<TenantId>();
  bed.read([&](Snapshot& s) {
    EXPECT_FALSE(s.tasks().find(nobody, id));
    EXPECT_TRUE(s.tasks().query(nobody, {}, {}, 10, false).tasks.empty());
    EXPECT_TRUE(s.queues().list(nobody).empty());
    EXPECT_TRUE(s.deliveries().list(nobody, {}, {}, 10).empty());
    EXPECT_EQ(s.metrics().counts(nobody)[Status::pending], 0);
    return 0;
  });
  EXPECT_EQ(outcome(bed.ask(bed.an_end(nobody, id))), "not_found");
  EXPECT_EQ(outcome(bed.retry(nobody, id)), "not_found");
}

}  // namespace
}  // namespace belfry::store::conformance
