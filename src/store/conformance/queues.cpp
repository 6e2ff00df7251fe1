#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

domain::QueueSettings all_set() {
  domain::QueueSettings settings;
  settings.paused = true;
  settings.pause_reason = "repairs";
  settings.concurrency_limit = 4;
  settings.default_target = domain::HttpTarget{"https://example.com", "POST", {}, Millis{500}};
  settings.retry = domain::RetryPolicy{.max_attempts = 9, .backoff = domain::Backoff::fixed};
  settings.timeout = Millis{1'234};
  settings.aging = Millis{5'000};
  return settings;
}

TEST_P(StoreConformance, QueueSettingsAreKeptWholeAndReplaced) {
  const auto tenant = bed.add_tenant();
  const auto made = bed.put_queue(tenant, "q", all_set());
  EXPECT_TRUE(bed.committed.configuration_changed);
  EXPECT_EQ(made.settings, all_set());
  EXPECT_EQ(made.created_at, bed.now());
  auto found = bed.read([&](Snapshot& s) { return s.queues().find(tenant, "q"); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->queue.settings, all_set());
  bed.advance(Millis{5});
  const auto changed = bed.put_queue(tenant, "q");
  EXPECT_EQ(changed.no, made.no);
  EXPECT_EQ(changed.created_at, made.created_at);
  EXPECT_EQ(changed.settings, domain::QueueSettings{});
  EXPECT_EQ(bed.read([&](Snapshot& s) { return s.queues().list(tenant); }).size(), 1U);
}

TEST_P(StoreConformance, QueuesAreCreatedOnFirstUse) {
  const auto tenant = bed.add_tenant();
  bed.submit(bed.a_task(tenant, "b"));
  bed.submit(bed.a_task(tenant, "a"));
  bed.submit(bed.a_task(tenant, "a"));
  const auto rows = bed.read([&](Snapshot& s) { return s.queues().list(tenant); });
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].queue.name, "a");
  EXPECT_EQ(rows[1].queue.name, "b");
  EXPECT_EQ(rows[0].pending, 2);
  EXPECT_EQ(rows[0].queue.settings, domain::QueueSettings{});
}

TEST_P(StoreConformance, AQueuesDepthIsTold) {
  const auto tenant = bed.add_tenant();
  const auto oldest = bed.now();
  bed.submit(bed.a_task(tenant, "q"));
  bed.claim_one(tenant, "q");
  bed.submit(bed.a_task(tenant, "q"));
  bed.advance(Millis{1'000});
  bed.submit(bed.a_task(tenant, "q"));
  auto later = bed.a_task(tenant, "q");
  later.scheduled_for = bed.now() + Millis{1};
  bed.submit(later);
  const auto row = bed.read([&](Snapshot& s) { return s.queues().find(tenant, "q"); });
  ASSERT_TRUE(row);
  EXPECT_EQ(row->running, 1);
  EXPECT_EQ(row->pending, 2);
  EXPECT_EQ(row->scheduled, 1);
  EXPECT_EQ(row->oldest_ready_at, oldest);
}

TEST_P(StoreConformance, TheNumberOfQueuesIsBounded) {
  const auto tenant = bed.add_tenant();
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              for (int i = 0; i < domain::kQueuesMax; ++i) {
                auto put = tx.queue_writes().put(tenant, "q" + std::to_string(i), {}, bed.now());
                if (!put) return fail(put.error());
              }
              return {};
            })),
            "ok");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant, "more"), {}, {}})), "quota_exceeded");
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              auto put = tx.queue_writes().put(tenant, "more", {}, bed.now());
              if (!put) return fail(put.error());
              return {};
            })),
            "quota_exceeded");
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant, "q7"), {}, {}})), "ok");
}

TEST_P(StoreConformance, AQueueMadeInARolledBackTransactionIsNone) {
  const auto tenant = bed.add_tenant();
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              auto put = tx.queue_writes().put(tenant, "q", {}, bed.now());
              if (!put) return fail(put.error());
              if (auto done = tx.submit({bed.a_task(tenant, "q"), {}, {}}); !done) {
                return fail(done.error());
              }
              return fail(ErrorCode::conflict, "no");
            })),
            "conflict");
  EXPECT_FALSE(bed.read([&](Snapshot& s) { return s.queues().find(tenant, "q"); }));
  const auto id = bed.submit(bed.a_task(tenant, "q"));
  EXPECT_EQ(bed.row(tenant, id).queue_name, "q");
  EXPECT_EQ(bed.claim_one(tenant, "q").id, id);
}

TEST_P(StoreConformance, PutForAnUnknownTenantIsNotFound) {
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              auto put = tx.queue_writes().put(bed.make_id<TenantId>(), "q", {}, bed.now());
              if (!put) return fail(put.error());
              return {};
            })),
            "not_found");
}

}  // namespace
}  // namespace belfry::store::conformance
