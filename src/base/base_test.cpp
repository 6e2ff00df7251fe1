#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace belfry {
namespace {

TEST(IdGenerator, RisesStrictlyWithinOneMillisecondAndBeyondItsCounter) {
  ManualClock clock;
  Random random(1);
  IdGenerator ids(clock, random);
  auto previous = ids.make<TaskId>();
  for (int i = 0; i < 10'000; ++i) {
    const auto next = ids.make<TaskId>();
    ASSERT_GT(next.uuid.high, previous.uuid.high);
    previous = next;
  }
  EXPECT_EQ(IdGenerator::time_of(previous.uuid), clock.now() + Millis{2});
}

TEST(IdGenerator, RisesWhenTheClockStepsBack) {
  ManualClock clock;
  Random random(1);
  IdGenerator ids(clock, random);
  const auto before = ids.make<TaskId>();
  clock.advance(Millis{-60'000});
  EXPECT_GT(ids.make<TaskId>().uuid.high, before.uuid.high);
}

TEST(IdGenerator, StartsAboveTheHighestStoredId) {
  ManualClock clock;
  Random random(1);
  const auto stored = IdGenerator(clock, random).make<TaskId>().uuid.high;
  clock.advance(Millis{-1'000});
  EXPECT_GT(IdGenerator(clock, random, stored).make<TaskId>().uuid.high, stored);
}

TEST(IdGenerator, SetsVersionVariantAndTime) {
  ManualClock clock;
  Random random(7);
  const auto id = IdGenerator(clock, random).make<TaskId>();
  EXPECT_EQ(to_string(id)[14], '7');
  EXPECT_NE(std::string("89ab").find(to_string(id)[19]), std::string::npos);
  EXPECT_EQ(IdGenerator::time_of(id.uuid), clock.now());
}

TEST(IdGenerator, GivesNoIdTwiceToSeveralThreads) {
  ManualClock clock;
  Random random(7);
  IdGenerator ids(clock, random);
  std::vector<std::vector<std::uint64_t>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&ids, &mine] {
        for (int i = 0; i < 5'000; ++i) mine.push_back(ids.make<TaskId>().uuid.high);
      });
    }
  }
  std::set<std::uint64_t> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 20'000U);
}

TEST(Id, CompactsToAnInt64AndBack) {
  ManualClock clock;
  Random random(3);
  IdGenerator ids(clock, random);
  std::int64_t previous = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto high = ids.make<TaskId>().uuid.high;
    ASSERT_EQ(expand_high(compact_high(high)), high);
    ASSERT_GT(compact_high(high), previous);
    previous = compact_high(high);
  }
}

TEST(Id, ReadsBothCasesAndPrintsLowerCase) {
  const auto* text = "0190b6f0-7c3e-7abc-8def-0123456789ab";
  const auto id = parse_id<TaskId>(text);
  ASSERT_TRUE(id);
  EXPECT_EQ(to_string(*id), text);
  EXPECT_EQ(parse_id<TaskId>("0190B6F0-7C3E-7ABC-8DEF-0123456789AB"), id);
  EXPECT_TRUE(*id);
  EXPECT_FALSE(TaskId{});
}

TEST(Id, RefusesEveryOtherForm) {
  for (const auto* bad :
       {"", "0190b6f07c3e7abc8def0123456789ab", "{0190b6f0-7c3e-7abc-8def-0123456789ab}",
        "0190b6f0-7c3e-7abc-8def-0123456789a", "0190b6f0-7c3e-7abc-8def-0123456789abc",
        "0190b6f0_7c3e-7abc-8def-0123456789ab", "0190b6f0-7c3e-7abc-8def-0123456789ag",
        "0190b6f-07c3e-7abc-8def-0123456789ab", " 190b6f0-7c3e-7abc-8def-0123456789ab"}) {
    EXPECT_FALSE(parse_id<TaskId>(bad)) << bad;
  }
}

TEST(Id, TypesOfDifferentThingsDoNotMix) {
  static_assert(!std::is_convertible_v<TaskId, TenantId>);
  static_assert(!std::is_assignable_v<TaskId&, TenantId>);
}

TEST(Errors, EveryCodeHasItsOwnNameAndAnErrorStatus) {
  std::set<std::string_view> names;
  const auto last = static_cast<int>(ErrorCode::version_not_supported);
  for (int i = 0; i <= last; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_TRUE(names.insert(name(code)).second) << name(code);
    EXPECT_GE(http_status(code), 400);
    EXPECT_LE(http_status(code), 505);
  }
  EXPECT_EQ(name(ErrorCode::stale_lease), "stale_lease");
  EXPECT_EQ(http_status(ErrorCode::stale_lease), 409);
  EXPECT_EQ(http_status(ErrorCode::version_not_supported), 505);
}

TEST(Errors, FailMakesAResultOfAnyType) {
  const Result<int> result = fail(ErrorCode::not_found, "no such task");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "no such task");
}

TEST(Metrics, WritesTheTextFormatWithTheSeriesOfOneNameTogether) {
  MetricsRegistry registry;
  registry.counter("belfry_a_total", "A.", "outcome=\"good\"").add(2);
  registry.gauge("belfry_depth", "Depth.", [] { return 1.5; });
  registry.counter("belfry_a_total", "A.", "outcome=\"bad\"").add();
  EXPECT_EQ(registry.text(),
            "# HELP belfry_a_total A.\n# TYPE belfry_a_total counter\n"
            "belfry_a_total{outcome=\"good\"} 2\nbelfry_a_total{outcome=\"bad\"} 1\n"
            "# HELP belfry_depth Depth.\n# TYPE belfry_depth gauge\nbelfry_depth 1.5\n");
}

TEST(Metrics, HistogramBucketsAreCumulativeAndEndAtInfinity) {
  MetricsRegistry registry;
  auto& histogram = registry.histogram("belfry_run_seconds", "Run.", "kind=\"x\"");
  for (const double seconds : {0.0005, 0.02, 100.0, -1.0}) histogram.observe(seconds);
  const auto text = registry.text();
  EXPECT_NE(text.find("belfry_run_seconds_bucket{kind=\"x\",le=\"0.0005\"} 2\n"), text.npos)
      << text;
  EXPECT_NE(text.find("belfry_run_seconds_bucket{kind=\"x\",le=\"0.025\"} 3\n"), text.npos) << text;
  EXPECT_NE(text.find("belfry_run_seconds_bucket{kind=\"x\",le=\"+Inf\"} 4\n"), text.npos) << text;
  EXPECT_NE(text.find("belfry_run_seconds_count{kind=\"x\"} 4\n"), text.npos) << text;
  EXPECT_NEAR(histogram.sum(), 100.0205, 1e-6);
}

TEST(Random, RepeatsFromItsSeed) {
  Random a(5), b(5);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(a.next_u64(), b.next_u64());
    const auto unit = a.next_unit();
    EXPECT_EQ(unit, b.next_unit());
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
  }
}

TEST(Random, SecureBytesDiffer) {
  EXPECT_EQ(secure_random_bytes(1'000).size(), 1'000U);
  EXPECT_NE(secure_random_bytes(32), secure_random_bytes(32));
}

TEST(Secret, RevealsItsValueAndDoesNotPrint) {
  EXPECT_EQ(Secret("hush").reveal(), "hush");
  EXPECT_TRUE(Secret().empty());
  static_assert(!fmt::is_formattable<Secret>::value);
}

TEST(Secret, ConstantTimeEqualComparesContents) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  for (const auto* other : {"abd", "bbc", "ab", "abcd", ""}) {
    EXPECT_FALSE(constant_time_equal("abc", other)) << other;
  }
}

TEST(Id, OneThatRunsAheadOfTheClockDoesNotSayWhenItsThingWasMade) {
  ManualClock clock;
  Random random{1};
  const auto ahead = static_cast<std::uint64_t>(to_ms(clock.now()) + 3'600'000) << 16 | 0x7000;
  IdGenerator ids(clock, random, ahead);
  const auto id = ids.make<TaskId>();
  EXPECT_GT(id.uuid.high, ahead);
  EXPECT_EQ(IdGenerator::time_of(id.uuid), clock.now() + Millis{3'600'000});
  EXPECT_EQ(IdGenerator::time_made(id.uuid, clock.now()), clock.now());
  clock.advance(Millis{3'600'000 - 1});
  EXPECT_EQ(IdGenerator::time_made(id.uuid, clock.now()), clock.now() + Millis{1})
      << "borrowed from the next milliseconds";
}

TEST(Clock, AnchoredClockKeepsToTheWallClockOfItsStart) {
  const AnchoredClock clock;
  EXPECT_LE(std::chrono::abs(clock.skew()), Millis{60'000});
  EXPECT_FALSE(clock.in_doubt());
}

TEST(Clock, ManualClockStandsStillUntilAdvanced) {
  ManualClock clock(from_ms(1'000));
  EXPECT_EQ(clock.now(), clock.now());
  const auto steady = clock.steady_now();
  clock.advance(Millis{250});
  EXPECT_EQ(to_ms(clock.now()), 1'250);
  EXPECT_EQ(clock.steady_now() - steady, Millis{250});
}

TEST(Log, EscapesControlCharactersSoThatNoLineIsForged) {
  set_log_level(LogLevel::info);
  testing::internal::CaptureStderr();
  log().debug("not shown");
  log().info("name={}", "a\nb\x7f");
  const auto text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("info name=a\\x0ab\\x7f\n"), text.npos) << text;
  EXPECT_EQ(text.find("not shown"), text.npos);
}

TEST(CheckDeathTest, ABrokenInvariantEndsTheProcess) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), "CHECK failed: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace belfry
