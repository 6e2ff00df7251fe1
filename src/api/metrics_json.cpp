#include "api/metrics_json.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "json/writer.hpp"

namespace belfry::api {
namespace {

using domain::Status;

// Sums of points that belong together.
struct Sum {
  std::int64_t submitted = 0, started = 0, completed = 0, failed = 0, retried = 0, cancelled = 0,
               expired = 0;
  domain::LatencyHistogram wait, run;

  void add(const store::SeriesPoint& point) {
    submitted += point.submitted;
    started += point.started;
    completed += point.completed;
    failed += point.failed;
    retried += point.retried;
    cancelled += point.cancelled;
    expired += point.expired;
    wait.merge(point.wait);
    run.merge(point.run);
  }
};

void write_percentiles(json::Writer& w, std::string_view key,
                       const domain::LatencyHistogram& histogram) {
  w.key(key).begin_object();
  const std::pair<std::string_view, double> shares[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
  for (const auto& [name, share] : shares) {
    w.key(name);
    if (const auto value = histogram.percentile(share)) {
      w.number(value->count());
    } else {
      w.null();
    }
  }
  w.end_object();
}

void write_sum(json::Writer& w, const Sum& sum, double seconds) {
  w.key("submitted").number(sum.submitted);
  w.key("started").number(sum.started);
  w.key("completed").number(sum.completed);
  w.key("failed").number(sum.failed);
  w.key("retried").number(sum.retried);
  w.key("cancelled").number(sum.cancelled);
  w.key("expired").number(sum.expired);
  w.key("throughputPerSecond").number(static_cast<double>(sum.completed + sum.failed) / seconds);
  w.key("successRate");
  const auto ended = sum.completed + sum.failed + sum.expired;
  if (ended > 0) {
    w.number(static_cast<double>(sum.completed) / static_cast<double>(ended));
  } else {
    w.null();
  }
  write_percentiles(w, "waitMs", sum.wait);
  write_percentiles(w, "runMs", sum.run);
}

void write_status_counts(json::Writer& w, const store::StatusCounts& counts) {
  w.key("pending").number(counts[Status::pending]);
  w.key("scheduled").number(counts[Status::scheduled]);
  w.key("running").number(counts[Status::running]);
  w.key("completed").number(counts[Status::completed]);
  w.key("failed").number(counts[Status::failed]);
  std::int64_t total = 0;
  for (const auto n : counts.of) total += n;
  w.key("total").number(total);
  w.key("cancelled").number(counts[Status::cancelled]);
  w.key("expired").number(counts[Status::expired]);
}

void write_series(json::Writer& w, const MetricFacts& facts) {
  std::map<std::int64_t, Sum> steps;
  for (const auto& point : facts.points) {
    steps[to_ms(point.at) / facts.step.count()].add(point);
  }
  w.key("series").begin_array();
  const auto first = to_ms(facts.from) / facts.step.count();
  const auto last = to_ms(facts.to) / facts.step.count();
  const auto seconds = static_cast<double>(facts.step.count()) / 1'000.0;
  for (auto step = first; step <= last; ++step) {
    w.begin_object();
    w.key("at").time(from_ms(step * facts.step.count()));
    write_sum(w, steps[step], seconds);
    w.end_object();
  }
  w.end_array();
}

void write_groups(json::Writer& w, const MetricFacts& facts, double seconds) {
  std::map<std::string, Sum> queues, names;
  Sum all;
  for (const auto& point : facts.points) {
    queues[point.queue_name].add(point);
    names[point.task_name].add(point);
    all.add(point);
  }
  w.key("window").begin_object();
  w.key("from").time(facts.from);
  w.key("to").time(facts.to);
  w.key("stepMs").number(facts.step.count());
  write_sum(w, all, seconds);
  w.end_object();

  w.key("queues").begin_array();
  for (const auto& row : facts.queues) queues.try_emplace(row.queue.name);
  for (const auto& [name, sum] : queues) {
    w.begin_object();
    w.key("queue").string(name);
    for (const auto& row : facts.queues) {
      if (row.queue.name != name) continue;
      w.key("scheduled").number(row.scheduled);
      w.key("pending").number(row.pending);
      w.key("running").number(row.running);
      w.field("oldestReadyAt", row.oldest_ready_at);
    }
    write_sum(w, sum, seconds);
    w.end_object();
  }
  w.end_array();

  w.key("taskNames").begin_array();
  for (const auto& [name, sum] : names) {
    w.begin_object();
    w.key("taskName").string(name);
    write_sum(w, sum, seconds);
    w.end_object();
  }
  w.end_array();
}

// Where tasks wait, the most first.
void write_destinations(json::Writer& w, std::vector<store::DestinationRow> rows) {
  constexpr std::size_t kShown = 50;
  std::ranges::sort(rows, std::greater{}, &store::DestinationRow::parked);
  if (rows.size() > kShown) rows.resize(kShown);
  w.key("destinations").begin_array();
  for (const auto& row : rows) {
    const bool open = row.state == store::DestinationState::open;
    w.begin_object();
    w.key("destination").string(row.name.origin + row.name.handler);
    w.key("state").string(open ? "open" : "busy");
    w.key("since").time(row.since);
    w.key("waiting").number(row.parked);
    if (!row.error.empty()) w.key("lastError").string(row.error);
    if (open && row.next_call) w.key("nextProbeAt").time(*row.next_call);
    w.end_object();
  }
  w.end_array();
}

}  // namespace

std::string counts_json(const store::StatusCounts& counts) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  write_status_counts(w, counts);
  w.end_object();
  return out;
}

std::string metrics_json(const MetricFacts& facts) {
  std::string out;
  json::Writer w(out);
  const auto seconds = static_cast<double>((facts.to - facts.from).count()) / 1'000.0;
  w.begin_object();
  write_status_counts(w, facts.counts);
  if (facts.by_tenant.empty()) {
    w.key("storedBytes").number(facts.stored_bytes);
    w.key("storedBytesMax").number(facts.stored_max);
  }
  write_groups(w, facts, seconds);
  if (!facts.by_tenant.empty()) {
    w.key("tenants").begin_array();
    for (const auto& [tenant, counts] : facts.by_tenant) {
      w.begin_object();
      w.key("tenantId").string(to_string(tenant));
      write_status_counts(w, counts);
      w.end_object();
    }
    w.end_array();
  }
  write_series(w, facts);
  if (facts.by_tenant.empty()) write_destinations(w, facts.destinations);
  w.end_object();
  return out;
}

}  // namespace belfry::api
