#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/id.hpp"
#include "base/metrics.hpp"
#include "base/secret.hpp"

namespace belfry {
namespace {

TEST(Error, EveryCodeHasANameAndAStatus) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::version_not_supported); ++code) {
    EXPECT_FALSE(name(static_cast<ErrorCode>(code)).empty());
    EXPECT_GE(http_status(static_cast<ErrorCode>(code)), 400);
  }
}

TEST(Uuid, ReadsOnlyItsCanonicalForm) {
  const auto uuid = parse_uuid("0197A3C2-1234-7abc-8def-0123456789ab");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(to_string(*uuid), "0197a3c2-1234-7abc-8def-0123456789ab");
  for (const auto* text :
       {"", "0197a3c2-1234-7abc-8def-0123456789a", "0197a3c212347abc8def0123456789ab0000",
        "0197a3c2-1234-7abc-8def-0123456789ag", "{197a3c2-1234-7abc-8def-0123456789ab"}) {
    EXPECT_FALSE(parse_uuid(text)) << text;
  }
}

TEST(IdGenerator, RisesStrictlyThroughBurstsAndClockSteps) {
  ManualClock clock;
  Random random(1);
  IdGenerator ids(clock, random);
  auto last = ids.make<TaskId>();
  for (int i = 0; i < 20'000; ++i) {
    if (i == 9'000) clock.advance(Millis{-5'000});
    if (i == 15'000) clock.advance(Millis{60'000});
    const auto next = ids.make<TaskId>();
    ASSERT_LT(compact_high(last.uuid.high), compact_high(next.uuid.high));
    EXPECT_EQ(next.uuid.high >> 12 & 0xf, 7U);
    EXPECT_EQ(next.uuid.low >> 62, 2U);
    last = next;
  }
  EXPECT_GE(IdGenerator::time_of(last.uuid), clock.now());
}

TEST(IdGenerator, StartsAboveItsFloor) {
  ManualClock clock;
  Random random(1);
  const auto floor =
      expand_high(compact_high(static_cast<std::uint64_t>(to_ms(clock.now())) << 16) + 1'000'000);
  IdGenerator ids(clock, random, floor);
  EXPECT_GT(ids.make<TaskId>().uuid.high, floor);
}

TEST(CompactHigh, LosesOnlyTheVersion) {
  const std::uint64_t high = 0x0197a3c212347abcULL;
  EXPECT_EQ(expand_high(compact_high(high)), high);
  EXPECT_GT(compact_high(high), 0);
}

TEST(Secret, ComparesWholeValues) {
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
}

TEST(Metrics, WritesTheTextFormat) {
  MetricsRegistry metrics;
  metrics.counter("belfry_tasks_total", "Tasks.", "outcome=\"completed\"").add(3);
  metrics.gauge("belfry_depth", "Depth.", [] { return 7.0; });
  metrics.counter("belfry_tasks_total", "Tasks.", "outcome=\"failed\"").add(1);
  metrics.histogram("belfry_wait_seconds", "Wait.").observe(0.004);
  const auto text = metrics.text();
  EXPECT_NE(text.find("# TYPE belfry_tasks_total counter\n"
                      "belfry_tasks_total{outcome=\"completed\"} 3\n"
                      "belfry_tasks_total{outcome=\"failed\"} 1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("belfry_depth 7\n"), std::string::npos);
  EXPECT_NE(text.find("belfry_wait_seconds_bucket{le=\"0.005\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("belfry_wait_seconds_bucket{le=\"0.0025\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("belfry_wait_seconds_count 1\n"), std::string::npos);
}

}  // namespace
}  // namespace belfry
