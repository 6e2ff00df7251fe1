#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

IdempotencyKey a_key(const std::string& key, char print = 'a') {
  return {key, std::string(32, print)};
}

TEST_P(StoreConformance, TheSameKeyYieldsTheSameTask) {
  const auto tenant = bed.add_tenant();
  auto later = bed.a_task(tenant);
  later.scheduled_for = bed.now() + Millis{10};
  ASSERT_EQ(outcome(bed.ask(Submit{later, a_key("k"), {}})), "ok");
  bed.advance(Millis{60'000});
  bed.move_due();

  const auto again = bed.ask(Submit{bed.a_task(tenant), a_key("k"), {}});

  ASSERT_EQ(outcome(again), "ok");
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->id, later.id);
  EXPECT_EQ(again->status, Status::scheduled) << "as it was created";
  EXPECT_TRUE(bed.committed.changes.empty());
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 1);
}

TEST_P(StoreConformance, TheSameKeyWithAnotherBodyIsRefused) {
  const auto tenant = bed.add_tenant();
  ASSERT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("k"), {}})), "ok");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("k", 'b'), {}})),
            "idempotency_mismatch");
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 1);
}

TEST_P(StoreConformance, KeysOfOneTransactionMeetToo) {
  const auto tenant = bed.add_tenant();
  const auto replies = bed.ask_all(
      {Submit{bed.a_task(tenant), a_key("k"), {}}, Submit{bed.a_task(tenant), a_key("k"), {}}});
  EXPECT_FALSE(std::get<Submit::Reply>(*replies[0]).replayed);
  EXPECT_TRUE(std::get<Submit::Reply>(*replies[1]).replayed);
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 1);
}

TEST_P(StoreConformance, AKeyBelongsToItsTenant) {
  const auto one = bed.add_tenant();
  const auto two = bed.add_tenant();
  ASSERT_EQ(outcome(bed.ask(Submit{bed.a_task(one), a_key("k"), {}})), "ok");
  const auto other = bed.ask(Submit{bed.a_task(two), a_key("k", 'b'), {}});
  ASSERT_EQ(outcome(other), "ok");
  EXPECT_FALSE(other->replayed);
}

TEST_P(StoreConformance, AKeyLivesADay) {
  const auto tenant = bed.add_tenant();
  ASSERT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("k"), {}})), "ok");
  bed.advance(domain::kIdempotencyLife - Millis{1});
  EXPECT_TRUE(bed.ask(Submit{bed.a_task(tenant), a_key("k"), {}})->replayed);
  bed.advance(Millis{1});
  const auto fresh = bed.ask(Submit{bed.a_task(tenant), a_key("k", 'b'), {}});
  ASSERT_EQ(outcome(fresh), "ok");
  EXPECT_FALSE(fresh->replayed);
}

TEST_P(StoreConformance, AKeyOutlivesItsTask) {
  const auto tenant = bed.add_tenant();
  const auto task = bed.a_task(tenant);
  ASSERT_EQ(outcome(bed.ask(Submit{task, a_key("k"), {}})), "ok");
  bed.finish(bed.claim_one(tenant));
  bed.advance(std::chrono::hours{2});
  int gone = 0;
  const auto pruned = bed.transact([&](Transaction& tx) -> Result<> {
    gone = tx.task_writes().prune_all_tenants(bed.now() - std::chrono::hours{1}, 10);
    return {};
  });
  ASSERT_EQ(outcome(pruned), "ok");
  ASSERT_EQ(gone, 1);
  const auto again = bed.ask(Submit{bed.a_task(tenant), a_key("k"), {}});
  ASSERT_EQ(outcome(again), "ok");
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->id, task.id);
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("k", 'b'), {}})),
            "idempotency_mismatch");
  std::optional<IdempotentAnswer> found;
  const auto looked = bed.transact([&](Transaction& tx) -> Result<> {
    found = tx.idempotency_writes().find(tenant, "k");
    return {};
  });
  ASSERT_EQ(outcome(looked), "ok");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->task, task.id);
}

TEST_P(StoreConformance, AReplayIsAnsweredBeyondTheQuota) {
  const auto tenant = bed.add_tenant({.unfinished_max = 1});
  ASSERT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("k"), {}})), "ok");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("k"), {}})), "ok");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("other"), {}})), "quota_exceeded");
  // What was refused did not use its key up.
  const auto first = bed.claim_one(tenant);
  bed.finish(first);
  const auto retried = bed.ask(Submit{bed.a_task(tenant), a_key("other", 'c'), {}});
  ASSERT_EQ(outcome(retried), "ok");
  EXPECT_FALSE(retried->replayed);
}

TEST_P(StoreConformance, WholeAnswersAreKeptForOtherCalls) {
  const auto tenant = bed.add_tenant();
  const auto other = bed.add_tenant();
  const IdempotentAnswer answer{std::string(32, 'f'), 207, R"({"results":[]})"};
  const auto find = [&](TenantId of, const std::string& key) {
    std::optional<IdempotentAnswer> found;
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                found = tx.idempotency_writes().find(of, key);
                return {};
              })),
              "ok");
    return found;
  };
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.idempotency_writes().insert(tenant, "bulk", answer, bed.now());
              return {};
            })),
            "ok");
  const auto found = find(tenant, "bulk");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->fingerprint, answer.fingerprint);
  EXPECT_EQ(found->status, 207);
  EXPECT_EQ(found->body, answer.body);
  EXPECT_FALSE(found->task);
  const auto submitted = bed.ask(Submit{bed.a_task(tenant), a_key("one"), {}});
  ASSERT_EQ(outcome(submitted), "ok");
  const auto one = find(tenant, "one");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->fingerprint, a_key("one").fingerprint);
  EXPECT_EQ(one->task, submitted->id);
  EXPECT_EQ(static_cast<domain::Status>(one->status), submitted->status);
  EXPECT_FALSE(find(other, "bulk"));
  EXPECT_FALSE(find(tenant, "bulk2"));
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("bulk", 'f'), {}})),
            "idempotency_mismatch")
      << "a key of another call is no task's";
  bed.advance(domain::kIdempotencyLife + std::chrono::hours(1));
  EXPECT_FALSE(find(tenant, "bulk"));
}

TEST_P(StoreConformance, PruningTakesOldKeysOnly) {
  const auto tenant = bed.add_tenant();
  ASSERT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("old"), {}})), "ok");
  bed.advance(Millis{10'000});
  ASSERT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), a_key("young"), {}})), "ok");
  int gone = 0;
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              gone = tx.idempotency_writes().prune_all_tenants(bed.now(), 10);
              return {};
            })),
            "ok");
  EXPECT_EQ(gone, 1);
  EXPECT_TRUE(bed.ask(Submit{bed.a_task(tenant), a_key("young"), {}})->replayed);
  EXPECT_FALSE(bed.ask(Submit{bed.a_task(tenant), a_key("old"), {}})->replayed);
}

}  // namespace
}  // namespace belfry::store::conformance
