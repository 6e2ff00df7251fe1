#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

class Pruner {
 public:
  explicit Pruner(Bed& bed) : bed_(bed) {}

  int run(Timestamp before, int limit) {
    int gone = 0;
    EXPECT_EQ(outcome(bed_.transact([&](Transaction& tx) -> Result<> {
                gone = tx.task_writes().prune_all_tenants(before, limit);
                return {};
              })),
              "ok");
    return gone;
  }
  // As the loop does it: again while a call was full.
  void run_all(Timestamp before, int limit) {
    for (int i = 0; i < 100; ++i) {
      if (run(before, limit) < limit) return;
    }
    ADD_FAILURE() << "pruning does not end";
  }

 private:
  Bed& bed_;
};

TEST_P(StoreConformance, PruningTakesOldFinishedTasksAndTheirTotals) {
  Pruner pruner(bed);
  const auto tenant = bed.add_tenant();
  const auto unfinished = bed.submit(bed.a_task(tenant, "slow"));
  const auto old = bed.submit(tenant);
  bed.finish(bed.claim_one(tenant), Verdict::retry);
  bed.finish(bed.claim_one(tenant));
  const auto failed = bed.submit(tenant);
  bed.finish(bed.claim_one(tenant), Verdict::failed);
  const auto late = bed.submit(tenant);
  const auto running = bed.claim_one(tenant);
  bed.advance(Millis{10'000});
  const auto limit = bed.now();
  bed.finish(running);
  const auto young = bed.submit(tenant);
  bed.finish(bed.claim_one(tenant));

  pruner.run_all(limit, 2);

  const auto there = [&](TaskId id) {
    return bed.read([&](Snapshot& s) { return s.tasks().find(tenant, id); }).has_value();
  };
  EXPECT_FALSE(there(old));
  EXPECT_FALSE(there(failed));
  EXPECT_TRUE(there(unfinished));
  EXPECT_TRUE(there(late)) << "created before, but finished after";
  EXPECT_TRUE(there(young));
  EXPECT_EQ(bed.counts(tenant)[Status::completed], 2);
  EXPECT_EQ(bed.counts(tenant)[Status::failed], 0);
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.tasks().attempts(tenant, old); }).empty());
  // What was left standing has its turn later.
  pruner.run_all(bed.now() + Millis{1}, 2);
  EXPECT_FALSE(there(late));
  EXPECT_FALSE(there(young));
  EXPECT_TRUE(there(unfinished));
  EXPECT_EQ(bed.counts(tenant)[Status::completed], 0);
}

TEST_P(StoreConformance, APrunedTasksDeliveriesGoWhenTheyAreDone) {
  Pruner pruner(bed);
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto id = bed.submit(bed.a_task(tenant), {{{domain::EventType::submitted, "{}"}}, {}});
  bed.finish(bed.claim_one(tenant));
  bed.advance(Millis{10'000});
  pruner.run_all(bed.now(), 10);
  EXPECT_FALSE(bed.read([&](Snapshot& s) { return s.tasks().find(tenant, id); }));
  const auto left = bed.deliveries(tenant);
  ASSERT_EQ(left.size(), 1U) << "still on its way";
  EXPECT_EQ(left[0].state, DeliveryState::waiting);
}

TEST_P(StoreConformance, AKeyOutlivesItsPrunedTask) {
  Pruner pruner(bed);
  const auto tenant = bed.add_tenant();
  const IdempotencyKey key{"k", std::string(32, 'a')};
  ASSERT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), key, {}})), "ok");
  bed.finish(bed.claim_one(tenant));
  bed.advance(Millis{10'000});
  pruner.run_all(bed.now(), 10);
  const auto again = bed.ask(Submit{bed.a_task(tenant), key, {}});
  ASSERT_EQ(outcome(again), "ok");
  EXPECT_TRUE(again->replayed) << "a repeat within 24 h must not run the work again";
}

TEST_P(StoreConformance, APrunedIdIsNotFound) {
  Pruner pruner(bed);
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  bed.finish(claimed);
  bed.advance(Millis{10'000});
  pruner.run_all(bed.now(), 10);
  EXPECT_EQ(outcome(bed.ask(bed.a_finish(claimed))), "not_found");
  EXPECT_EQ(outcome(bed.ask(bed.an_end(tenant, id))), "not_found");
  EXPECT_EQ(outcome(bed.retry(tenant, id)), "not_found");
}

}  // namespace
}  // namespace belfry::store::conformance
