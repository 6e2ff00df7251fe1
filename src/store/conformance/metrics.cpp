#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;

TEST_P(StoreConformance, TotalsFollowEveryChange) {
  const auto tenant = bed.add_tenant();
  auto later = bed.a_task(tenant);
  later.scheduled_for = bed.now() + Millis{10};
  bed.submit(later);
  for (int i = 0; i < 4; ++i) bed.submit(tenant);
  const auto reply = bed.claim(bed.a_claim(tenant, "default", 3));
  ASSERT_EQ(reply.tasks.size(), 3U);
  bed.finish(reply.tasks[0]);
  bed.finish(reply.tasks[1], Verdict::failed);
  auto counts = bed.counts(tenant);
  EXPECT_EQ(counts[Status::scheduled], 1);
  EXPECT_EQ(counts[Status::pending], 1);
  EXPECT_EQ(counts[Status::running], 1);
  EXPECT_EQ(counts[Status::completed], 1);
  EXPECT_EQ(counts[Status::failed], 1);
  bed.advance(Millis{10});
  bed.move_due();
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, later.id))), "ok");
  ASSERT_EQ(outcome(bed.retry(tenant, reply.tasks[1].id)), "ok");
  counts = bed.counts(tenant);
  EXPECT_EQ(counts[Status::scheduled], 0);
  EXPECT_EQ(counts[Status::pending], 2);
  EXPECT_EQ(counts[Status::failed], 0);
  EXPECT_EQ(counts[Status::cancelled], 1);
}

TEST_P(StoreConformance, TotalsOfAllTenantsAddUp) {
  const auto one = bed.add_tenant();
  const auto two = bed.add_tenant();
  bed.submit(one);
  bed.submit(two);
  bed.submit(two);
  EXPECT_EQ(bed.read([](Snapshot& s) { return s.metrics().counts_all_tenants(); })[Status::pending],
            3);
  const auto busiest = [&](int limit) {
    return bed.read([&](Snapshot& s) { return s.metrics().counts_of_busiest_tenants(limit); });
  };
  ASSERT_EQ(busiest(1).size(), 1U);
  EXPECT_EQ(busiest(1)[0].first, two) << "it has more unfinished tasks";
  const auto each = busiest(3);
  ASSERT_EQ(each.size(), 2U);
  for (const auto& [tenant, counts] : each) {
    EXPECT_EQ(counts[Status::pending], tenant == one ? 1 : 2);
  }
}

TEST_P(StoreConformance, ATransactionSeesItsOwnTotals) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              if (auto done = tx.submit({bed.a_task(tenant), {}, {}}); !done) {
                return fail(done.error());
              }
              EXPECT_EQ(tx.metrics().counts(tenant)[Status::pending], 2);
              EXPECT_EQ(tx.metrics().counts_all_tenants()[Status::pending], 2);
              EXPECT_EQ(tx.queues().find(tenant, "default")->pending, 2);
              return {};
            })),
            "ok");
}

TEST_P(StoreConformance, TheSeriesCountsAMinuteAndAnHour) {
  const auto tenant = bed.add_tenant();
  const Timestamp hour = std::chrono::ceil<std::chrono::hours>(bed.now());
  bed.advance(hour - bed.now());
  const auto life = [&](Verdict verdict) {
    bed.submit(tenant);
    bed.advance(Millis{100});
    const auto claimed = bed.claim_one(tenant);
    bed.advance(Millis{900});
    bed.finish(claimed, verdict);
  };
  life(Verdict::completed);
  life(Verdict::failed);
  bed.advance(hour + Millis{60'000} - bed.now());
  life(Verdict::completed);
  ASSERT_EQ(outcome(bed.ask(bed.an_end(tenant, bed.submit(tenant)))), "ok");

  const auto series = [&](Timestamp from, Timestamp to, bool hourly) {
    return bed.read([&](Snapshot& s) { return s.metrics().series(tenant, from, to, hourly); });
  };
  const auto minutes = series(hour, hour + Millis{120'000}, false);
  ASSERT_EQ(minutes.size(), 2U);
  EXPECT_EQ(minutes[0].at, hour);
  EXPECT_EQ(minutes[0].queue_name, "default");
  EXPECT_EQ(minutes[0].task_name, "mail");
  EXPECT_EQ(minutes[0].submitted, 2);
  EXPECT_EQ(minutes[0].started, 2);
  EXPECT_EQ(minutes[0].completed, 1);
  EXPECT_EQ(minutes[0].failed, 1);
  EXPECT_EQ(minutes[0].wait.count(), 2U);
  EXPECT_EQ(minutes[0].run.count(), 2U);
  EXPECT_GE(*minutes[0].run.percentile(0.5), Millis{900});
  EXPECT_EQ(minutes[1].submitted, 2);
  EXPECT_EQ(minutes[1].cancelled, 1);
  EXPECT_EQ(series(hour, hour + Millis{60'000}, false).size(), 1U) << "the end is exclusive";
  const auto hours = series(hour, hour + Millis{1}, true);
  ASSERT_EQ(hours.size(), 1U);
  EXPECT_EQ(hours[0].submitted, 4);
  EXPECT_EQ(hours[0].completed, 2);
  EXPECT_TRUE(series(hour - Millis{60'000}, hour, false).empty());
}

TEST_P(StoreConformance, AReleasedOrRetriedAttemptIsNoEnd) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  bed.finish(bed.claim_one(tenant), Verdict::retry);
  bed.finish(bed.claim_one(tenant), Verdict::released);
  const auto from = std::chrono::floor<std::chrono::minutes>(bed.now());
  const auto points = bed.read([&](Snapshot& s) {
    return s.metrics().series_all_tenants(from, from + Millis{60'000}, false);
  });
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].started, 2);
  EXPECT_EQ(points[0].retried, 1);
  EXPECT_EQ(points[0].completed + points[0].failed, 0);
  EXPECT_EQ(points[0].wait.count(), 1U) << "only first attempts wait";
}

TEST_P(StoreConformance, NamesBeyondTheBoundAreCountedTogether) {
  const auto tenant = bed.add_tenant();
  std::vector<Command> commands;
  for (int i = 0; i < domain::kSeriesNamesMax + 5; ++i) {
    auto task = bed.a_task(tenant);
    task.name = "n" + std::to_string(i);
    commands.emplace_back(Submit{task, {}, {}});
  }
  for (const auto& reply : bed.ask_all(std::move(commands))) ASSERT_EQ(outcome(reply), "ok");
  const auto from = std::chrono::floor<std::chrono::minutes>(bed.now());
  const auto points = bed.read(
      [&](Snapshot& s) { return s.metrics().series(tenant, from, from + Millis{60'000}, false); });
  EXPECT_LE(points.size(), static_cast<std::size_t>(domain::kSeriesNamesMax) + 1);
  std::int64_t submitted = 0;
  bool others = false;
  for (const auto& point : points) {
    submitted += point.submitted;
    others = others || point.task_name == "(other)";
  }
  EXPECT_EQ(submitted, domain::kSeriesNamesMax + 5);
  EXPECT_TRUE(others);
}

TEST_P(StoreConformance, MinutesAreKeptADayAndHoursAMonth) {
  const auto tenant = bed.add_tenant();
  bed.submit(bed.a_task(tenant));
  const auto start = std::chrono::floor<std::chrono::hours>(bed.now());
  const auto points = [&](bool hourly) {
    return bed
        .read([&](Snapshot& s) {
          return s.metrics().series(tenant, start, start + std::chrono::hours(2), hourly);
        })
        .size();
  };
  const auto prune_after = [&](std::chrono::hours hours) {
    bed.advance(hours);
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                tx.task_writes().prune_all_tenants(start, 10);
                return {};
              })),
              "ok");
  };
  prune_after(std::chrono::hours(20));
  EXPECT_EQ(points(false), 1U);
  prune_after(std::chrono::hours(7));
  EXPECT_EQ(points(false), 0U);
  EXPECT_EQ(points(true), 1U);
  prune_after(std::chrono::hours(24 * 31));
  EXPECT_EQ(points(true), 0U);
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 1);
}

TEST_P(StoreConformance, ARolledBackTransactionIsInNoSeries) {
  const auto tenant = bed.add_tenant();
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              if (auto done = tx.submit({bed.a_task(tenant), {}, {}}); !done) {
                return fail(done.error());
              }
              return fail(ErrorCode::conflict, "no");
            })),
            "conflict");
  const auto from = std::chrono::floor<std::chrono::hours>(bed.now());
  EXPECT_TRUE(bed.read([&](Snapshot& s) {
                   return s.metrics().series(tenant, from, from + std::chrono::hours(1), true);
                 })
                  .empty());
  EXPECT_EQ(bed.counts(tenant)[Status::pending], 0);
}

}  // namespace
}  // namespace belfry::store::conformance
