#include "api/metrics_json.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
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

TEST(MetricsJson, AQueueIsListedByItsOwnNumbers) {
  MetricFacts facts;
  facts.from = Timestamp{Millis{1'700'000'040'000}};
  facts.to = facts.from + Millis{60'000};
  facts.points = {a_point(facts.from, "b", "x")};
  facts.stored_bytes = 5, facts.stored_max = 50;
  for (const auto& [name, depth] : {std::pair{"a", 1}, std::pair{"b", 10}}) {
    store::QueueRow row;
    row.queue.name = name;
    row.scheduled = depth, row.pending = 2 * depth, row.running = 3 * depth;
    facts.queues.push_back(row);
  }
  const auto text = metrics_json(facts);
  const json::Value body(text);
  std::vector<std::string> queues;
  for (const auto& queue : body.find("queues")->elements()) {
    std::string numbers;
    for (const auto* key : {"queue", "scheduled", "pending", "running", "submitted"}) {
      numbers += member(queue, key) + " ";
    }
    queues.push_back(numbers);
  }
  EXPECT_EQ(queues, (std::vector<std::string>{R"("a" 1 2 3 0 )", R"("b" 10 20 30 9 )"}));
  EXPECT_EQ(member(body, "storedBytes"), "5");
  EXPECT_EQ(member(body, "storedBytesMax"), "50");
  EXPECT_EQ(member(body, "tenants"), "absent") << "those are for operators";
}

TEST(MetricsJson, OperatorsSeeEachTenantsCounts) {
  MetricFacts facts;
  facts.to = facts.from + Millis{60'000};
  ManualClock clock;
  Random random{secure_seed()};
  const auto tenant = IdGenerator(clock, random).make<TenantId>();
  store::StatusCounts counts;
  counts.of[static_cast<int>(domain::Status::failed)] = 3;
  facts.by_tenant = {{tenant, counts}};
  const auto text = metrics_json(facts);
  const json::Value body(text);
  const auto one = *body.find("tenants")->elements().begin();
  EXPECT_EQ(one.find("tenantId")->string(), to_string(tenant));
  EXPECT_EQ(member(one, "failed"), "3");
  for (const auto* own : {"storedBytes", "storedBytesMax", "destinations"}) {
    EXPECT_EQ(member(body, own), "absent") << own;
  }
}

TEST(MetricsJson, TheFiftyDestinationsWhereMostWaitAreShown) {
  MetricFacts facts;
  facts.to = facts.from + Millis{60'000};
  const auto waiting = [&] {
    const auto text = metrics_json(facts);
    std::vector<std::string> numbers;
    const json::Value body(text);
    for (const auto& one : body.find("destinations")->elements()) {
      numbers.push_back(member(one, "waiting"));
    }
    return numbers;
  };
  for (int i = 1; i <= 50; ++i) {
    facts.destinations.emplace_back();
    facts.destinations.back().parked = i;
  }
  EXPECT_EQ(waiting().size(), 50U);
  EXPECT_EQ(waiting().front(), "50");
  facts.destinations.emplace_back();
  facts.destinations.back().parked = 51;
  EXPECT_EQ(waiting().size(), 50U);
  EXPECT_EQ(waiting().front(), "51");
  EXPECT_EQ(waiting().back(), "2") << "the least is left out";
}

TEST(MetricsJson, ADestinationTellsItsErrorAndWhenItIsTriedAgain) {
  MetricFacts facts;
  facts.to = facts.from + Millis{60'000};
  facts.destinations.resize(2);
  facts.destinations[0].parked = 2;
  facts.destinations[0].state = store::DestinationState::open;
  facts.destinations[0].error = "no answer";
  facts.destinations[0].next_call = facts.to;
  facts.destinations[1].state = store::DestinationState::busy;
  facts.destinations[1].next_call = facts.to;
  const auto text = metrics_json(facts);
  const json::Value body(text);
  std::vector<std::string> shown;
  for (const auto& one : body.find("destinations")->elements()) {
    shown.push_back(member(one, "state") + member(one, "lastError") + member(one, "nextProbeAt"));
  }
  EXPECT_EQ(shown,
            (std::vector<std::string>{R"("open""no answer")" + ('"' + format_time(facts.to) + '"'),
                                      R"("busy"absentabsent)"}));
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
