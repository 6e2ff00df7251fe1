#include "api/waiting.hpp"

#include <fmt/format.h>

#include "domain/task.hpp"
#include "store/lanes.hpp"

namespace belfry::api {
namespace {

using domain::Status;

// An expected start is told from so many starts at least, within so long.
constexpr std::int64_t kStartsMin = 10;
constexpr Millis kLately{std::chrono::minutes{5}};

Waiting waits(std::string_view reason, std::string detail, std::optional<Timestamp> since) {
  Waiting waiting;
  waiting.reason = reason;
  waiting.detail = std::move(detail);
  waiting.since = since;
  return waiting;
}

}  // namespace

WaitingReasons::Service waiting_service(const Services& services) {
  return {services.options.default_target_is_echo, services.pause.on()};
}

WaitingReasons::WaitingReasons(store::Snapshot& snapshot, const domain::Tenant& tenant,
                               Service service)
    : snapshot_(snapshot), tenant_(tenant), service_(service) {}

const store::QueueRow* WaitingReasons::queue(const std::string& name) {
  const auto [at, is_new] = queues_.try_emplace(name);
  if (is_new) at->second = snapshot_.queues().find(tenant_.id, name);
  return at->second ? &*at->second : nullptr;
}

std::int64_t WaitingReasons::running_of_tenant() {
  if (!running_) running_ = snapshot_.metrics().counts(tenant_.id)[Status::running];
  return *running_;
}

// What a node says about it; what it says of an opening counts most.
const store::DestinationRow* WaitingReasons::state(const std::string& origin,
                                                   const std::string& handler) {
  if (!destinations_) destinations_ = snapshot_.destinations().states(tenant_.id);
  const store::DestinationRow* found = nullptr;
  for (const auto& row : *destinations_) {
    if (row.name.origin != origin || row.name.handler != handler) continue;
    if (found == nullptr || row.state == store::DestinationState::open) found = &row;
  }
  return found;
}

Waiting WaitingReasons::for_destination(const store::TaskRow& row) {
  const auto is_open = [](const store::DestinationRow* state) {
    return state != nullptr && state->state == store::DestinationState::open;
  };
  const auto& at = *row.parked_at;
  const auto* origin = state(at.origin, "");
  const auto* handler = state(at.origin, at.handler);
  const auto* open = is_open(origin) ? origin : is_open(handler) ? handler : nullptr;
  if (open == nullptr) {
    auto waiting = waits("destination_busy", "its destination answers as many calls as it can",
                         handler != nullptr ? handler->since : row.next_at);
    waiting.destination = at.origin + at.handler;
    return waiting;
  }
  const auto name = open->name.origin + open->name.handler;
  auto waiting = waits("destination_open",
                       fmt::format("{} does not respond ({}); one call at a time finds out whether "
                                   "it has recovered",
                                   name, open->error),
                       open->since);
  waiting.destination = name;
  waiting.last_error = open->error;
  waiting.next_probe = open->next_call;
  return waiting;
}

std::optional<Waiting> WaitingReasons::of(const store::TaskRow& row) {
  if (service_.paused && (row.status == Status::scheduled || row.status == Status::pending)) {
    return waits(
        "service_paused",
        "the service was restored from a backup and runs nothing until an operator resumes "
        "it",
        {});
  }
  if (row.status == Status::scheduled) {
    if (row.failures > 0) return waits("retry_backoff", "waits before its next attempt", {});
    return waits("not_due", "its time has not come yet", row.submitted_at);
  }
  if (row.status != Status::pending) return std::nullopt;
  const auto* in = queue(row.queue_name);
  if (!in) return std::nullopt;
  const auto& settings = in->queue.settings;
  const auto because = [&](std::string_view reason, std::string detail) {
    return waits(reason, std::move(detail), row.next_at);
  };
  if (settings.paused) return because("queue_paused", "resume the queue to let it run");
  if (row.parked_at) return for_destination(row);
  if (settings.concurrency_limit && in->running >= *settings.concurrency_limit) {
    return because(
        "queue_limit",
        fmt::format("{} tasks of its queue run, which is its concurrency limit", in->running));
  }
  if (running_of_tenant() >= tenant_.limits.running_max) {
    return because("tenant_limit", fmt::format("{} tasks of this tenant run, which is its limit",
                                               running_of_tenant()));
  }
  const auto lane = store::lane_bit(domain::lane_of(row.options.target));
  if ((store::worker_lanes(settings, service_.default_target_is_echo) & lane) != 0) {
    return because("no_worker", "no worker has asked for it yet (POST /api/v1/leases)");
  }
  return because("fair_share", "more urgent tasks, or other tenants' turns, come first");
}

std::optional<Timestamp> WaitingReasons::expected_start(const store::TaskRow& row, int ahead,
                                                        Timestamp now) {
  std::int64_t started = 0;
  for (const auto& point : snapshot_.metrics().series(tenant_.id, now - kLately, now, false)) {
    if (point.queue_name == row.queue_name) started += point.started;
  }
  if (started < kStartsMin) return std::nullopt;
  return now + kLately * (ahead + 1) / started;
}

std::optional<Waiting> WaitingReasons::whole_of(const store::TaskRow& row, Timestamp now) {
  auto waiting = of(row);
  if (!waiting || row.status != Status::pending) return waiting;
  const auto& settings = queue(row.queue_name)->queue.settings;
  const auto own = store::lane_bit(domain::lane_of(row.options.target));
  const auto workers = store::worker_lanes(settings, service_.default_target_is_echo);
  const auto lanes =
      (workers & own) != 0 ? workers : store::push_lanes(settings, service_.default_target_is_echo);
  waiting->ahead = snapshot_.tasks().ahead(tenant_.id, row.id, lanes, kAheadMax);
  if (waiting->ahead && *waiting->ahead < kAheadMax && !settings.paused) {
    waiting->expected_start = expected_start(row, *waiting->ahead, now);
  }
  return waiting;
}

void write_waiting(json::Writer& w, const std::optional<Waiting>& waiting) {
  w.key("waiting");
  if (!waiting) {
    w.null();
    return;
  }
  w.begin_object();
  w.key("reason").string(waiting->reason);
  w.key("detail").string(waiting->detail);
  w.field("since", waiting->since);
  if (!waiting->destination.empty()) w.key("destination").string(waiting->destination);
  if (!waiting->last_error.empty()) w.key("lastError").string(waiting->last_error);
  if (waiting->next_probe) w.key("nextProbeAt").time(*waiting->next_probe);
  if (waiting->ahead) w.key("ahead").number(*waiting->ahead);
  if (waiting->expected_start) w.key("expectedStartAt").time(*waiting->expected_start);
  w.end_object();
}

}  // namespace belfry::api
