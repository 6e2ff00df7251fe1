#include "api/time_range.hpp"

#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct Range {
  const char* name;
  Millis length, step;
  bool hourly;
};
constexpr Range kRanges[] = {
    {"15m", minutes{15}, minutes{1}, false}, {"1h", hours{1}, minutes{1}, false},
    {"6h", hours{6}, minutes{5}, false},     {"24h", hours{24}, minutes{15}, false},
    {"7d", hours{7 * 24}, hours{1}, true},   {"30d", hours{30 * 24}, hours{6}, true},
};

class Ranges : public ApiTest {};

Result<TimeRange> range_of(const std::string& query) {
  http::Request request;
  request.query = query;
  return time_range(*Query::read(request, {"range"}));
}

TEST_F(Ranges, EachNameHasALengthAndAStep) {
  for (const auto& range : kRanges) {
    const auto read = range_of(std::string("range=") + range.name);
    ASSERT_TRUE(read) << range.name;
    EXPECT_EQ(read->length, range.length) << range.name;
    EXPECT_EQ(read->step, range.step) << range.name;
    EXPECT_EQ(read->hourly, range.hourly) << range.name;
  }
  EXPECT_EQ(range_of("")->length, hours{1});
  for (const auto* other : {"2h", "60m", "1d", "", "6H", "6h "}) {
    EXPECT_FALSE(range_of(std::string("range=") + other)) << other;
  }
}

TEST_F(Ranges, MetricsAndErrorsLookBackSoFar) {
  const auto now = format_time(clock.now());
  for (const auto& range : kRanges) {
    const auto from = format_time(clock.now() - range.length);
    const auto query = std::string("?range=") + range.name;
    for (const auto* path : {"/api/v1/metrics", "/api/v1/admin/metrics"}) {
      const auto answer = get(path + query);
      const auto window = *json::Value(answer.body).find("window");
      EXPECT_EQ(window.find("from")->string(), from) << path << query;
      EXPECT_EQ(window.find("to")->string(), now);
      EXPECT_EQ(window.find("stepMs")->int64(), range.step.count());
      std::size_t steps = 0;
      const json::Value body(answer.body);
      for ([[maybe_unused]] const auto& step : body.find("series")->elements()) ++steps;
      EXPECT_NEAR(static_cast<double>(steps),
                  static_cast<double>(range.length.count() / range.step.count()), 1.0);
    }
    const auto errors = get("/api/v1/errors" + query);
    EXPECT_EQ(text(errors, "from"), from) << query;
    EXPECT_EQ(text(errors, "to"), now);
  }
}

TEST_F(Ranges, WhatHappenedWithinTheRangeCounts) {
  submit();
  const auto submitted = [&](const char* range) {
    const auto answer = get(std::string("/api/v1/metrics?range=") + range);
    return std::string(json::Value(answer.body).find("window")->find("submitted")->raw());
  };
  Millis age{0};
  for (const auto& range : kRanges) {
    // Half the range's length ago.
    clock.advance(range.length / 2 - age);
    age = range.length / 2;
    for (const auto& other : kRanges) {
      if (other.length >= range.length) EXPECT_EQ(submitted(other.name), "1") << other.name;
      if (other.length * 2 < range.length) EXPECT_EQ(submitted(other.name), "0") << other.name;
    }
  }
}

}  // namespace
}  // namespace belfry::api
