#include "store/conformance/bed.hpp"

// Running limits hold at the claim, whatever came before it in the same transaction.
namespace belfry::store::conformance {
namespace {

using domain::Status;
using HeldBy = Claim::HeldBy;

TEST_P(StoreConformance, TheTenantsLimitHoldsOverItsQueues) {
  const auto tenant = bed.add_tenant({.running_max = 3});
  for (int i = 0; i < 4; ++i) {
    bed.submit(bed.a_task(tenant, "a"));
    bed.submit(bed.a_task(tenant, "b"));
  }
  const auto first = bed.claim(bed.a_claim(tenant, "a", 2));
  EXPECT_EQ(first.tasks.size(), 2U);
  const auto second = bed.claim(bed.a_claim(tenant, "b", 10));
  EXPECT_EQ(second.tasks.size(), 1U);
  EXPECT_EQ(second.held_by, HeldBy::tenant_limit);
  EXPECT_TRUE(bed.claim(bed.a_claim(tenant, "a")).tasks.empty());
  bed.finish(first.tasks[0]);
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "b", 10)).tasks.size(), 1U);
  EXPECT_EQ(bed.counts(tenant)[Status::running], 3);
}

TEST_P(StoreConformance, TheQueuesLimitHoldsAndFreesWithEveryKindOfEnd) {
  const auto tenant = bed.add_tenant();
  domain::QueueSettings settings;
  settings.concurrency_limit = 1;
  bed.put_queue(tenant, "q", settings);
  for (int i = 0; i < 8; ++i) bed.submit(bed.a_task(tenant, "q"));
  for (const auto verdict : {Verdict::completed, Verdict::retry, Verdict::failed, Verdict::released,
                             Verdict::lost, Verdict::lost_last}) {
    const auto reply = bed.claim(bed.a_claim(tenant, "q", 5));
    ASSERT_EQ(reply.tasks.size(), 1U);
    EXPECT_EQ(reply.held_by, HeldBy::queue_limit);
    EXPECT_EQ(bed.claim(bed.a_claim(tenant, "q", 5)).held_by, HeldBy::queue_limit);
    bed.advance(kLease);
    bed.finish(reply.tasks[0], verdict);
  }
  const auto last = bed.claim_one(tenant, "q");
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, last.id))), "ok");
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "q", 5)).tasks.size(), 1U);
}

TEST_P(StoreConformance, TheSmallestBoundOfAClaimDecidesAndIsNamed) {
  struct Bounds {
    int tenant;
    std::optional<int> queue;
    int asked;
    std::size_t taken;
    HeldBy held_by;
  };
  for (const auto& [of_tenant, of_queue, asked, taken, held_by] :
       {Bounds{2, 5, 9, 2, HeldBy::tenant_limit}, Bounds{5, 2, 9, 2, HeldBy::queue_limit},
        Bounds{3, 3, 9, 3, HeldBy::queue_limit}, Bounds{5, 5, 2, 2, HeldBy::nothing},
        Bounds{2, {}, 9, 2, HeldBy::tenant_limit}, Bounds{9, 9, 9, 6, HeldBy::empty}}) {
    // One runs already, in this queue or in another.
    for (const std::string first : {"", "q", "other"}) {
      const int more = first.empty() ? 0 : 1;
      const auto tenant = bed.add_tenant({.running_max = of_tenant + more});
      domain::QueueSettings settings;
      settings.concurrency_limit = of_queue;
      if (of_queue && first == "q") *settings.concurrency_limit += more;
      bed.put_queue(tenant, "q", settings);
      if (more > 0) {
        bed.submit(bed.a_task(tenant, first));
        bed.claim_one(tenant, first);
      }
      for (int i = 0; i < 6; ++i) bed.submit(bed.a_task(tenant, "q"));
      const auto reply = bed.claim(bed.a_claim(tenant, "q", asked));
      EXPECT_EQ(reply.tasks.size(), taken) << of_tenant << " " << first;
      EXPECT_EQ(reply.held_by, held_by) << of_tenant << " " << first;
      const bool limited = held_by == HeldBy::tenant_limit || held_by == HeldBy::queue_limit;
      if (!limited) continue;
      const auto again = bed.claim(bed.a_claim(tenant, "q", asked));
      EXPECT_TRUE(again.tasks.empty());
      EXPECT_EQ(again.held_by, held_by);
    }
  }
}

TEST_P(StoreConformance, LimitsHoldWithinOneTransaction) {
  const auto tenant = bed.add_tenant({.running_max = 2});
  for (int i = 0; i < 6; ++i) bed.submit(tenant);
  const auto claim = bed.a_claim(tenant, "default", 2);
  const auto replies = bed.ask_all({claim, claim, claim});
  EXPECT_EQ(std::get<Claim::Reply>(*replies[0]).tasks.size(), 2U);
  EXPECT_TRUE(std::get<Claim::Reply>(*replies[1]).tasks.empty());
  EXPECT_TRUE(std::get<Claim::Reply>(*replies[2]).tasks.empty());
  EXPECT_EQ(bed.counts(tenant)[Status::running], 2);
}

TEST_P(StoreConformance, AChangedLimitCountsFromTheNextClaim) {
  const auto tenant = bed.add_tenant({.running_max = 1});
  for (int i = 0; i < 5; ++i) bed.submit(tenant);
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "default", 5)).tasks.size(), 1U);
  const auto limit = [&](int running) {
    return bed.transact([&](Transaction& tx) {
      return tx.tenant_writes().set_limits(tenant, {.running_max = running});
    });
  };
  ASSERT_EQ(outcome(limit(3)), "ok");
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "default", 5)).tasks.size(), 2U);
  ASSERT_EQ(outcome(limit(1)), "ok");
  EXPECT_TRUE(bed.claim(bed.a_claim(tenant, "default", 5)).tasks.empty());
}

TEST_P(StoreConformance, ALimitThatWasRolledBackCountsForNothing) {
  const auto tenant = bed.add_tenant({.running_max = 1});
  bed.submit(tenant);
  bed.submit(tenant);
  std::vector<Command> commands;
  commands.emplace_back(TransactFn([&](Transaction& tx) -> Result<> {
    if (auto set = tx.tenant_writes().set_limits(tenant, {.running_max = 9}); !set) return set;
    return fail(ErrorCode::conflict, "no");
  }));
  commands.emplace_back(bed.a_claim(tenant, "default", 5));
  const auto replies = bed.ask_all(std::move(commands));
  EXPECT_EQ(std::get<Claim::Reply>(*replies[1]).tasks.size(), 1U);
}

TEST_P(StoreConformance, OneTenantsRunningTasksDoNotCountForAnother) {
  const auto busy = bed.add_tenant({.running_max = 1});
  const auto other = bed.add_tenant({.running_max = 1});
  bed.submit(busy);
  bed.submit(other);
  bed.claim_one(busy);
  EXPECT_EQ(bed.claim(bed.a_claim(other)).tasks.size(), 1U);
}

}  // namespace
}  // namespace belfry::store::conformance
