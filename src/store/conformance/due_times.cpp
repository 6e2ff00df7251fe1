// What is due is so from its very millisecond, and not one before.
#include <map>

#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::EventType;
using domain::Status;

TEST_P(StoreConformance, AScheduledTaskIsReadyFromItsVeryMillisecond) {
  const auto tenant = bed.add_tenant();
  auto at_once = bed.a_task(tenant);
  at_once.scheduled_for = bed.now();
  bed.submit(at_once);
  EXPECT_EQ(bed.status(tenant, at_once.id), Status::pending);
  auto later = bed.a_task(tenant);
  later.scheduled_for = bed.now() + Millis{1};
  bed.submit(later);
  EXPECT_EQ(bed.status(tenant, later.id), Status::scheduled);
  const auto moved = bed.ask(MoveDue{10, bed.at()});
  EXPECT_EQ(moved->moved, 0);
  EXPECT_EQ(moved->next_due, later.scheduled_for);
  bed.advance(Millis{1});
  EXPECT_EQ(bed.move_due(), 1);
  EXPECT_EQ(bed.status(tenant, later.id), Status::pending);
}

TEST_P(StoreConformance, ADelayedRetryIsReadyFromItsVeryMillisecond) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  auto retry = bed.a_finish(bed.claim_one(tenant), Verdict::retry);
  retry.next_at = bed.now() + Millis{500};
  ASSERT_EQ(outcome(bed.ask(retry)), "ok");
  bed.advance(Millis{499});
  EXPECT_EQ(bed.move_due(), 0);
  bed.advance(Millis{1});
  EXPECT_EQ(bed.move_due(), 1);
}

TEST_P(StoreConformance, ATaskIsClaimedUntilTheMillisecondInWhichItExpires) {
  const auto tenant = bed.add_tenant();
  for (int i = 0; i < 2; ++i) {
    auto task = bed.a_task(tenant);
    task.expires_at = bed.now() + Millis{1'000};
    bed.submit(task);
  }
  bed.advance(Millis{999});
  EXPECT_EQ(bed.claim(bed.a_claim(tenant)).tasks.size(), 1U);
  bed.advance(Millis{1});
  EXPECT_TRUE(bed.claim(bed.a_claim(tenant)).tasks.empty());
}

// How many of a batch are whose.
using Shares = std::map<TenantId, int>;

// Three tenants with more in their queues than a batch takes, and what is due one millisecond later
// among it. One with 8 rows due, one with 2 and a late one, one with nothing but a late one.
struct Backlog {
  Bed& bed;
  TenantId noisy, quiet, early;

  template <class Add>
  Backlog(Bed& in, Add add)
      : bed(in), noisy(bed.add_tenant()), quiet(bed.add_tenant()), early(bed.add_tenant()) {
    const auto due = bed.now() + Millis{100};
    for (int i = 0; i < 8; ++i) add(noisy, due - Millis{1});
    for (int i = 0; i < 2; ++i) add(quiet, due);
    add(quiet, due + Millis{1});
    add(early, due + Millis{1});
    bed.advance(Millis{100});
  }
};

// A batch of four gives each of the two tenants two; in one of six the quiet one has no third.
constexpr std::pair<int, int> kBatches[] = {{4, 2}, {6, 4}};

TEST_P(StoreConformance, TurnsOfTasksTakeNothingThatIsDueLater) {
  for (const auto& [max, noisys] : kBatches) {
    Bed fresh(GetParam());
    const Backlog backlog(fresh, [&](TenantId tenant, Timestamp due) {
      auto task = fresh.a_task(tenant);
      task.scheduled_for = due;
      fresh.submit(task);
    });
    ASSERT_EQ(fresh.ask(MoveDue{max, fresh.at()})->moved, max);
    Shares shares;
    for (const auto& change : fresh.committed.changes) ++shares[change.tenant];
    EXPECT_EQ(shares, (Shares{{backlog.noisy, noisys}, {backlog.quiet, 2}})) << max;
    EXPECT_EQ(fresh.move_due(), 10 - max) << "the rest of what is due";
    EXPECT_EQ(fresh.counts(backlog.early)[Status::scheduled], 1);
  }
}

TEST_P(StoreConformance, TurnsOfDeliveriesTakeNothingThatIsDueLater) {
  for (const auto& [max, noisys] : kBatches) {
    Bed fresh(GetParam());
    const Backlog backlog(fresh, [&](TenantId tenant, Timestamp due) {
      const Outbox outbox{{{EventType::completed, "{}"}}, "http://127.0.0.1:1/"};
      const auto task = fresh.submit(fresh.a_task(tenant), outbox);
      const auto id = fresh.deliveries(tenant, {.task = task}).at(0).id;
      ASSERT_EQ(outcome(fresh.transact([&](Transaction& tx) -> Result<> {
                  tx.delivery_writes().postpone(id, due);
                  return {};
                })),
                "ok");
    });
    const auto due = [&](int limit) {
      Shares shares;
      const auto rows = fresh.read(
          [&](Snapshot& s) { return s.deliveries().due_all_tenants(fresh.at(), limit, {}); });
      for (const auto& row : rows) ++shares[row.tenant];
      return shares;
    };
    EXPECT_EQ(due(max), (Shares{{backlog.noisy, noisys}, {backlog.quiet, 2}})) << max;
    EXPECT_EQ(due(100), (Shares{{backlog.noisy, 8}, {backlog.quiet, 2}}));
    fresh.advance(Millis{1});
    EXPECT_EQ(due(100), (Shares{{backlog.noisy, 8}, {backlog.quiet, 3}, {backlog.early, 1}}));
  }
}

TEST_P(StoreConformance, AnExpiredApiKeyCountsUntilItsVeryMillisecond) {
  const auto tenant = bed.add_tenant();
  const auto insert = [&](Timestamp expires, int count) {
    return outcome(bed.transact([&](Transaction& tx) -> Result<> {
      for (int i = 0; i < count; ++i) {
        auto key = bed.an_api_key(tenant);
        key.expires_at = expires;
        if (auto done = tx.api_key_writes().insert(key); !done) return done;
      }
      return {};
    }));
  };
  const auto expiry = bed.now() + Millis{1'000};
  ASSERT_EQ(insert(expiry, domain::kApiKeysMax), "ok");
  bed.advance(Millis{999});
  EXPECT_EQ(insert(expiry, 1), "quota_exceeded");
  bed.advance(Millis{1});
  EXPECT_EQ(insert(expiry + Millis{1}, domain::kApiKeysMax), "ok");
}

TEST_P(StoreConformance, ARevokedTokenIsToldUntilTheMillisecondInWhichItExpires) {
  const auto expires = bed.store_now() + Millis{1'000};
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.api_key_writes().revoke_token("a", expires);
              return {};
            })),
            "ok");
  const auto tokens = [&] {
    return bed.read([](Snapshot& s) { return s.api_keys().revoked_tokens_all_tenants(); }).size();
  };
  bed.advance(Millis{999});
  EXPECT_EQ(tokens(), 1U);
  bed.advance(Millis{1});
  EXPECT_EQ(tokens(), 0U);
}

// Everything that is pruned by an age goes one millisecond after its moment, and not in it.
TEST_P(StoreConformance, WhatIsPrunedByItsAgeGoesOneMillisecondLater) {
  const auto tenant = bed.add_tenant();
  const IdempotentAnswer answer{std::string(32, 'f'), 200, "{}"};
  const auto key = bed.an_api_key(tenant);
  // The newest delivery of a task stays as long as its task.
  const Outbox two{{{EventType::completed, "{}"}, {EventType::failed, "{}"}}, "http://a/"};
  bed.submit(bed.a_task(tenant), two);
  const auto elder = bed.deliveries(tenant).at(1).id;
  bed.advance(Millis{5});
  const auto id = bed.submit(bed.a_task(tenant, "q"));
  bed.finish(bed.claim_one(tenant, "q"));
  const auto moment = bed.now();
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.idempotency_writes().insert(tenant, "k", answer, moment);
              tx.delivery_writes().record_attempt(elder, bed.a_first_attempt(),
                                                  DeliveryState::delivered, {});
              if (auto done = tx.api_key_writes().insert(key); !done) return done;
              return tx.api_key_writes().revoke(tenant, key.id, moment);
            })),
            "ok");
  bed.advance(Millis{10'000});
  const auto pruned = [&](Timestamp before) {
    std::vector<int> gone;
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                gone = {tx.task_writes().prune_all_tenants(before, 10),
                        tx.delivery_writes().prune_all_tenants(before, 10),
                        tx.api_key_writes().prune_all_tenants(before, 10),
                        tx.idempotency_writes().prune_all_tenants(before, 10)};
                return {};
              })),
              "ok");
    return gone;
  };
  EXPECT_EQ(pruned(moment), (std::vector{0, 0, 0, 0}));
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.tasks().find(tenant, id); }));
  EXPECT_EQ(pruned(moment + Millis{1}), (std::vector{1, 1, 1, 1}));
}

TEST_P(StoreConformance, AKeptAnswerIsFoundForADayToTheMillisecond) {
  const auto tenant = bed.add_tenant();
  const auto found = [&] {
    bool there = false;
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                there = tx.idempotency_writes().find(tenant, "k").has_value();
                return {};
              })),
              "ok");
    return there;
  };
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              const IdempotentAnswer answer{std::string(32, 'f'), 200, "{}"};
              tx.idempotency_writes().insert(tenant, "k", answer, bed.store_now());
              return {};
            })),
            "ok");
  bed.advance(domain::kIdempotencyLife - Millis{1});
  EXPECT_TRUE(found());
  bed.advance(Millis{1});
  EXPECT_FALSE(found());
}

TEST_P(StoreConformance, AStepOfTheSeriesIsKeptToTheMillisecond) {
  using std::chrono::hours;
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  const Timestamp hour = std::chrono::floor<hours>(bed.now());
  const auto points = [&](bool hourly) {
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                tx.task_writes().prune_all_tenants({}, 10);
                return {};
              })),
              "ok");
    return bed.read([&](Snapshot& s) {
      return s.metrics().series(tenant, hour, hour + hours(1), hourly).size();
    });
  };
  const Timestamp minute = std::chrono::floor<std::chrono::minutes>(bed.now());
  for (const auto& [hourly, end] :
       {std::pair(false, minute + hours(25)), std::pair(true, hour + hours(24 * 31))}) {
    bed.advance(end - bed.store_now());
    EXPECT_EQ(points(hourly), 1U) << hourly;
    bed.advance(Millis{1});
    EXPECT_EQ(points(hourly), 0U) << hourly;
  }
}

}  // namespace
}  // namespace belfry::store::conformance
