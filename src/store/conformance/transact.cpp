#include <stdexcept>

#include "store/conformance/bed.hpp"

// A transaction's error rolls back only itself; one command's conflict never spoils its batch.
namespace belfry::store::conformance {
namespace {

using domain::Status;

Command add_tenant_and(const domain::Tenant& tenant, std::function<Result<>()> then) {
  return TransactFn([=](Transaction& tx) -> Result<> {
    tx.tenant_writes().insert(tenant);
    return then();
  });
}

TEST_P(StoreConformance, AFailedTransactionTakesOnlyItselfBack) {
  const auto tenant = bed.add_tenant();
  const auto first = bed.a_task(tenant);
  const auto inside = bed.a_task(tenant);
  const auto last = bed.a_task(tenant);
  std::vector<Command> commands;
  commands.emplace_back(Submit{first, {}, {}});
  commands.emplace_back(TransactFn([&](Transaction& tx) -> Result<> {
    if (auto done = tx.submit({inside, {}, {}}); !done) return fail(done.error());
    EXPECT_TRUE(tx.tasks().find(tenant, inside.id)) << "it sees its own writes";
    EXPECT_TRUE(tx.tasks().find(tenant, first.id));
    return fail(ErrorCode::quota_exceeded, "no");
  }));
  commands.emplace_back(Submit{last, {}, {}});

  const auto replies = bed.ask_all(std::move(commands));

  EXPECT_EQ(outcome(replies[0]), "ok");
  EXPECT_EQ(outcome(replies[1]), "quota_exceeded");
  EXPECT_EQ(outcome(replies[2]), "ok");
  EXPECT_EQ(bed.committed.changes.size(), 2U);
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 2);
  EXPECT_FALSE(bed.read([&](Snapshot& s) { return s.tasks().find(tenant, inside.id); }));
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "default", 5)).tasks.size(), 2U);
}

TEST_P(StoreConformance, AnExceptionRollsBackOnlyItsOwnTransaction) {
  const auto tenant = bed.add_tenant();
  domain::Tenant lost;
  lost.id = bed.make_id<TenantId>();
  lost.created_at = bed.now();
  auto kept = lost;
  kept.id = bed.make_id<TenantId>();
  std::vector<Command> commands;
  commands.push_back(add_tenant_and(lost, []() -> Result<> { throw std::runtime_error("oh"); }));
  commands.push_back(add_tenant_and(kept, []() -> Result<> { return {}; }));
  commands.emplace_back(Submit{bed.a_task(tenant), {}, {}});
  const auto replies = bed.ask_all(std::move(commands));
  EXPECT_EQ(outcome(replies[0]), "internal");
  EXPECT_EQ(outcome(replies[1]), "ok");
  EXPECT_EQ(outcome(replies[2]), "ok");
  EXPECT_FALSE(bed.read([&](Snapshot& s) { return s.tenants().find(lost.id); }));
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.tenants().find(kept.id); }));
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(lost.id), {}, {}})), "not_found");
}

TEST_P(StoreConformance, OneCommandsConflictNeverSpoilsTheBatch) {
  const auto tenant = bed.add_tenant();
  const auto taken = bed.submit(tenant);
  const auto claimed = bed.claim_one(tenant);
  auto again = bed.a_task(tenant);
  again.id = taken;
  auto stale = bed.a_finish(claimed);
  ++stale.token.attempt;
  Claim nowhere;
  nowhere.queue = domain::QueueNo{99};

  const auto replies = bed.ask_all(
      {Submit{again, {}, {}}, stale, bed.an_end(tenant, bed.make_id<TaskId>()), nowhere,
       Submit{bed.a_task(tenant), {}, {}}, bed.a_finish(claimed), bed.a_renewal(claimed)});

  std::vector<std::string> outcomes;
  for (const auto& reply : replies) outcomes.push_back(outcome(reply));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"conflict", "stale_lease", "not_found", "not_found",
                                                "ok", "ok", "stale_lease"}));
  EXPECT_EQ(bed.status(tenant, taken), Status::completed);
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 1);
}

TEST_P(StoreConformance, AReaderSeesOneSnapshotForTheWholeCall) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  auto reader = bed.backend().make_reader();
  reader->read([&](Snapshot& snapshot) {
    EXPECT_EQ(snapshot.metrics().counts(tenant)[Status::pending], 1);
    bed.submit(tenant);
    EXPECT_EQ(snapshot.metrics().counts(tenant)[Status::pending], 1);
    EXPECT_EQ(snapshot.tasks().query(tenant, {}, {}, 10, true).tasks.size(), 1U);
  });
  reader->read([&](Snapshot& snapshot) {
    EXPECT_EQ(snapshot.metrics().counts(tenant)[Status::pending], 2);
  });
}

TEST_P(StoreConformance, AReadersExceptionLeavesItUsable) {
  auto reader = bed.backend().make_reader();
  EXPECT_THROW(reader->read([](Snapshot&) { throw std::runtime_error("oh"); }), std::runtime_error);
  int calls = 0;
  reader->read([&](Snapshot& s) {
    ++calls;
    EXPECT_EQ(s.tenants().count_all_tenants(), 0);
  });
  EXPECT_EQ(calls, 1);
}

TEST_P(StoreConformance, AnEmptyBatchIsNoFault) {
  EXPECT_TRUE(bed.ask_all({}).empty());
  EXPECT_TRUE(bed.committed.changes.empty());
}

}  // namespace
}  // namespace belfry::store::conformance
