#include "dispatch/remover.hpp"

#include "dispatch/loop_bed.hpp"

namespace belfry::dispatch {
namespace {

class RemoverTest : public LoopBed {
 protected:
  RemoverTest() { make_bench(); }

  void start_removal(TenantId id) {
    transact([&](store::Transaction& tx) {
      EXPECT_TRUE(tx.tenant_writes().start_removal(id, clock.now()));
    });
  }
  // Steps until nothing is left to be done; how many did something.
  int remove_all() {
    Remover remover(bench->context);
    for (int steps = 0; steps < 100; ++steps) {
      if (!finish(remover.run_once())) return steps;
    }
    ADD_FAILURE() << "removing does not end";
    return 0;
  }
  bool exists(TenantId id) {
    bool found = false;
    gateway.read_blocking([&](store::Snapshot& s) { found = s.tenants().find(id).has_value(); });
    return found;
  }
};

TEST_F(RemoverTest, EndsWhatIsUnfinishedAndRemovesAll) {
  const auto other = add_tenant();
  for (int i = 0; i < 700; ++i) submit();
  const auto kept = submit_of(other);
  int cancelled = 0;
  on_commit = [&](const store::Committed& committed) {
    for (const auto& change : committed.changes) {
      cancelled += change.to == domain::Status::cancelled ? 1 : 0;
    }
  };
  start_removal(tenant);
  EXPECT_GT(remove_all(), 4) << "no step takes more than 300 tasks";
  EXPECT_FALSE(exists(tenant));
  EXPECT_EQ(cancelled, 700) << "who waits for a task hears that it ended";
  ASSERT_TRUE(exists(other));
  gateway.read_blocking([&](store::Snapshot& s) {
    EXPECT_TRUE(s.tasks().find(other, kept));
    EXPECT_EQ(s.metrics().counts_all_tenants()[domain::Status::cancelled], 0);
  });
  EXPECT_EQ(directory.tenant(tenant), nullptr);
}

TEST_F(RemoverTest, ARunningTaskOfATenantThatGoesIsCancelled) {
  submit();
  store::Claim claim;
  claim.queue = directory.queue(tenant, "default")->no;
  claim.lanes = store::lane_bit(domain::Lane::worker);
  claim.kind = store::LeaseKind::worker;
  claim.lease = Millis{60'000};
  const auto claimed = finish(gateway.ask(claim));
  ASSERT_TRUE(claimed);
  ASSERT_EQ(claimed->tasks.size(), 1U);
  start_removal(tenant);
  remove_all();
  EXPECT_FALSE(exists(tenant));
  store::Finish late;
  late.tenant = tenant;
  late.id = claimed->tasks[0].id;
  late.token = claimed->tasks[0].token;
  EXPECT_FALSE(finish(gateway.ask(late))) << "a late answer is refused, and harms nothing";
  EXPECT_FALSE(gateway.broken());
}

TEST_F(RemoverTest, ATenantThatNeverSubmittedGoesAfterItsTime) {
  const auto used = add_tenant();
  submit_of(used);
  clock.advance(bench->context.options.unused_tenants_kept);
  EXPECT_EQ(remove_all(), 0);
  clock.advance(Millis{1});
  EXPECT_GT(remove_all(), 0);
  EXPECT_FALSE(exists(tenant));
  EXPECT_TRUE(exists(used));
}

TEST_F(RemoverTest, UnusedTenantsStayIfTheOperatorWantsIt) {
  bench->context.options.unused_tenants_kept = std::chrono::hours{0};
  clock.advance(std::chrono::hours{24 * 3'650});
  EXPECT_EQ(remove_all(), 0);
  EXPECT_TRUE(exists(tenant));
}

}  // namespace
}  // namespace belfry::dispatch
