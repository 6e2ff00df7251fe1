#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/rows.hpp"

namespace belfry::api {

struct MetricFacts {
  Timestamp from, to;
  Millis step{60'000};
  store::StatusCounts counts;
  std::int64_t stored_bytes = 0, stored_max = 0;  // of one tenant
  std::vector<store::QueueRow> queues;
  std::vector<std::pair<TenantId, store::StatusCounts>> by_tenant;
  std::vector<store::SeriesPoint> points;
  std::vector<store::DestinationRow> destinations;  // of one tenant
};

// The counters alone.
std::string counts_json(const store::StatusCounts& counts);

// The original's six counters at the top (CONVENTIONS 1.1), then cancelled, expired, and over the
// range: throughput, success rate, wait and run percentiles, per queue, per task name, and a series
// of steps.
std::string metrics_json(const MetricFacts& facts);

}  // namespace belfry::api
