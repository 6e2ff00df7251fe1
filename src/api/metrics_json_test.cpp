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

TEST(MetricsJson, EachNumberStandsUnderItsName) {
  store::SeriesPoint point;
  point.submitted = 1, point.started = 2, point.completed = 3, point.failed = 4;
  point.retried = 5, point.cancelled = 6, point.expired = 7;
  point.queue_name = point.task_name = "x";
  MetricFacts facts;
  point.at = facts.from = Timestamp{Millis{1'700'000'040'000}};
  facts.to = facts.from + facts.step;
  // Each share lies in a part of its own: the half, the 95th and the 99th of a hundred.
  for (const auto& [count, ms] :
       {std::pair{60U, 10}, std::pair{36U, 1'000}, std::pair{4U, 60'000}}) {
    point.wait.add(Millis{ms}, count);
    point.run.add(Millis{3 * ms}, count);
  }
  facts.points = {point};
  int n = 0;
  for (auto& counted : facts.counts.of) counted = ++n;
  const auto text = metrics_json(facts);
  const json::Value body(text);

  std::vector<json::Value> sums{*body.find("window")};
  for (const auto* list : {"queues", "taskNames", "series"}) {
    sums.push_back(*body.find(list)->elements().begin());
  }
  for (const auto& sum : sums) {
    n = 0;
    for (const auto* name :
         {"submitted", "started", "completed", "failed", "retried", "cancelled", "expired"}) {
      EXPECT_EQ(member(sum, name), std::to_string(++n)) << name;
    }
    for (const auto& [name, histogram] : {std::pair{"waitMs", point.wait}, {"runMs", point.run}}) {
      const auto shares = *sum.find(name);
      for (const auto& [key, share] : {std::pair{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}}) {
        EXPECT_EQ(member(shares, key), std::to_string(histogram.percentile(share)->count()))
            << name << " " << key;
      }
    }
  }
  using domain::Status;
  for (const auto& [name, status] :
       {std::pair{"pending", Status::pending}, std::pair{"scheduled", Status::scheduled},
        std::pair{"running", Status::running}, std::pair{"completed", Status::completed},
        std::pair{"failed", Status::failed}, std::pair{"cancelled", Status::cancelled},
        std::pair{"expired", Status::expired}}) {
    EXPECT_EQ(member(body, name), std::to_string(facts.counts[status])) << name;
  }
}

TEST(MetricsJson, WhatNothingWasMeasuredOfIsNull) {
  MetricFacts facts;
  facts.to = facts.from + Millis{60'000};
  const auto text = metrics_json(facts);
  const auto window = *json::Value(text).find("window");
  for (const auto* name : {"waitMs", "runMs"}) {
    EXPECT_EQ(member(window, name), R"({"p50":null,"p95":null,"p99":null})");
  }
}

}  // namespace
}  // namespace belfry::api
