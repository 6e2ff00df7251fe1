#include "api/metrics_json.hpp"

#include <gtest/gtest.h>

#include "json/value.hpp"

namespace belfry::api {
namespace {

store::SeriesPoint a_point(Timestamp at, std::string queue, std::string name) {
  store::SeriesPoint point;
  point.at = at;
  point.queue_name = std::move(queue);
  point.task_name = std::move(name);
  point.submitted = 9;
  point.completed = 6;
  point.failed = 2;
  point.expired = 4;
  point.cancelled = 1;
  return point;
}

std::string member(const json::Value& object, std::string_view key) {
  const auto found = object.find(key);
  return found ? std::string(found->raw()) : "absent";
}

TEST(MetricsJson, CountsRatesAndTotals) {
  MetricFacts facts;
  facts.from = Timestamp{Millis{1'700'000'040'000}};
  facts.to = facts.from + Millis{120'000};
  for (int i = 0; i < domain::kStatusCount; ++i) facts.counts.of[i] = 1 << i;
  facts.points = {a_point(facts.from, "a", "x"), a_point(facts.from + Millis{60'000}, "b", "x")};
  const auto text = metrics_json(facts);
  const json::Value body(text);
  EXPECT_EQ(member(body, "total"), std::to_string((1 << domain::kStatusCount) - 1));
  const auto window = *body.find("window");
  EXPECT_EQ(member(window, "submitted"), "18");
  EXPECT_EQ(member(window, "cancelled"), "2");
  // What ended by running, a second: 16 in two minutes.
  EXPECT_NEAR(*window.find("throughputPerSecond")->number(), 16.0 / 120, 1e-9);
  EXPECT_NEAR(*window.find("successRate")->number(), 0.5, 1e-9) << "a cancelled one is no failure";
  std::vector<double> rates;
  for (const auto& queue : body.find("queues")->elements()) {
    rates.push_back(*queue.find("throughputPerSecond")->number());
  }
  ASSERT_EQ(rates.size(), 2U);
  EXPECT_NEAR(rates[0], 8.0 / 120, 1e-9);
  std::vector<std::string> completed;
  for (const auto& step : body.find("series")->elements()) {
    completed.push_back(member(step, "completed"));
    if (completed.size() == 1) {
      EXPECT_NEAR(*step.find("throughputPerSecond")->number(), 8.0 / 60, 1e-9);
    }
  }
  EXPECT_EQ(completed, (std::vector<std::string>{"6", "6", "0"}));
}

TEST(MetricsJson, NothingThatEndedHasNoRate) {
  MetricFacts facts;
  facts.to = facts.from + Millis{60'000};
  const auto text = metrics_json(facts);
  EXPECT_EQ(member(*json::Value(text).find("window"), "successRate"), "null");
}

}  // namespace
}  // namespace belfry::api
