#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "domain/event.hpp"
#include "domain/latency.hpp"
#include "domain/queue.hpp"
#include "domain/task.hpp"
#include "domain/tenant.hpp"

// What readers get. Plain values.
namespace belfry::store {

struct AttemptRow {
  int number = 0;  // over the task's life
  int run = 1;
  Timestamp started_at;
  Timestamp finished_at;
  std::string outcome;  // completed, failed, lease_lost, released, cancelled
  std::string error;
  int http_status = 0;
  std::string worker;
};

// Where a tenant's calls go: an origin (scheme, host and port) and one of its handlers (a path). An
// empty handler is the origin itself, or its handlers beyond those that are told apart.
struct DestinationName {
  TenantId tenant;
  std::string origin, handler;
  auto operator<=>(const DestinationName&) const = default;
};

enum class DestinationState : std::uint8_t {
  busy = 0,  // takes as many calls as it can
  open = 1,  // is not called, but for one probe at a time
};

// What one node says about a destination.
struct DestinationRow {
  DestinationName name;
  std::string node;
  DestinationState state = DestinationState::busy;
  Timestamp since;
  std::string error;                   // the last one; empty: none
  std::optional<Timestamp> next_call;  // open: the next probe
  std::int64_t parked = 0;             // tasks that wait there, as far as kParkedCountMax; if read
};

// An opening of a destination: since when, when the latest probe that failed had begun, and now.
struct Outage {
  Timestamp open_since, failed_probe, now;
};

// The tasks that wait for one destination.
struct ParkedRow {
  DestinationName name;
  std::int64_t tasks = 0;  // kParkedCountMax: or more
  std::int64_t best_rank = 0;
  TaskId best;
  Timestamp oldest_ready_at;  // among those that are the next ones
};
inline constexpr std::int64_t kParkedCountMax = 10'000;

struct TaskRow {
  TaskId id;
  TenantId tenant;
  domain::QueueNo queue;
  std::string queue_name;
  std::string name;
  std::string payload;  // raw JSON; empty in summaries
  domain::TaskOptions options;
  domain::Status status = domain::Status::pending;
  int priority = 0;
  int max_attempts = 0;
  int run = 1;
  int attempt = 0;      // number of the newest attempt; 0: none yet
  int run_attempt = 0;  // attempts of this run, released ones not counted
  int failures = 0;     // failed or lost attempts of this run
  Timestamp submitted_at;
  std::optional<Timestamp> scheduled_for;
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp> next_at;          // unfinished: due time, ready since, or lease end
  std::optional<DestinationName> parked_at;  // PENDING, and waits for this destination
  std::optional<Timestamp> started_at;       // of the newest attempt
  std::optional<Timestamp> finished_at;
  std::string result;  // raw JSON; empty: none, and in summaries
  std::string error;   // of the newest failed attempt
  std::string worker;
  std::optional<int> progress_percent;
  std::string progress_text;
  std::optional<Timestamp> heartbeat_at;
  std::size_t bytes = 0;  // what it weighs here: payload, result, error and options, if read
  // In lists: what is wrong with what is stored; payload and result are left out then, and `error`
  // says so. Empty: nothing is.
  std::string damage = {};
};

// Empty vectors and absent values do not filter.
struct TaskFilter {
  std::vector<domain::Status> statuses;
  std::vector<std::string> queues;
  std::vector<std::string> names;
  std::vector<std::string> tags;                      // any of them
  std::optional<Timestamp> created_from, created_to;  // from inclusive, to exclusive
  std::optional<Timestamp> finished_from, finished_to;
  std::string text;  // in id, name, payload or error, by domain/text_match.hpp
};

// A task that failed, as far as groups of errors need it.
struct FailureRow {
  TaskId id;
  std::string name;
  std::string error;  // its first kErrorSampleChars at most
  Timestamp finished_at;
};
inline constexpr int kErrorSampleChars = 512;

// Newest first. `next` is where the following page starts; set also when the scan bound ended this
// page early (then it may be short, or empty), or its weight did (kPageBytesMax; it has a task
// then).
struct TaskPage {
  std::vector<TaskRow> tasks;
  std::optional<TaskId> next;
};

struct QueueRow {
  domain::Queue queue;
  std::int64_t scheduled = 0, pending = 0, running = 0;
  std::optional<Timestamp> oldest_ready_at;
};

struct ApiKeyRow {
  ApiKeyId id;
  TenantId tenant;
  std::string name;
  std::string prefix;        // first characters, for display
  std::string hash;          // SHA-256, 32 bytes
  std::uint32_t scopes = 0;  // bits of auth::Scope
  Timestamp created_at;
  std::optional<Timestamp> expires_at, revoked_at, last_used_at;  // the last one to the minute
};

struct EndpointRow {
  EndpointId id;
  TenantId tenant;
  std::string url;
  std::string description;
  std::uint32_t events = domain::kAllTaskEvents;  // domain::bit()s
  bool enabled = true;
  std::string disabled_reason;              // by its owner, or "failing", "gone"
  std::optional<Timestamp> failing_since;   // no call has succeeded since
  std::optional<Timestamp> last_failed_at;  // to the hour
  std::string sealed_secret, sealed_previous_secret;
  std::optional<Timestamp> previous_until;
  Timestamp created_at;
};

enum class DeliveryState : std::uint8_t {
  held = 0,     // an earlier one of the same task and endpoint is not done
  waiting = 1,  // due at next_at
  delivered = 2,
  exhausted = 3,  // the schedule ended, or the endpoint went away; can be redelivered
};

struct DeliveryRow {
  DeliveryId id;
  TenantId tenant;
  TaskId task;          // empty for webhook.test
  EndpointId endpoint;  // empty: the task's callbackUrl
  std::string url;      // of the callback; empty: the endpoint's
  domain::EventType type = domain::EventType::test;
  std::int64_t sequence = 1;  // per task and endpoint, without gaps
  std::string body;           // as composed, without `sequence`
  DeliveryState state = DeliveryState::waiting;
  int attempts = 0;  // of the present round (a redelivery starts a new one)
  int attempts_total = 0;
  Timestamp created_at;
  std::optional<Timestamp> next_at, finished_at;
  std::optional<Timestamp> first_due;  // of this round, if it has been set aside
};

struct DeliveryAttemptRow {
  int number = 0;  // over the delivery's life
  Timestamp at;
  Millis duration{0};
  int http_status = 0;  // 0: no answer
  std::string failure;  // class of failure; empty: none
  std::string answer;   // first KiB of the answer's body
};

struct SigningKeyRow {
  std::string kid;
  std::string sealed_private_jwk;
  Timestamp created_at;
  Timestamp signs_from;                 // published earlier, used from here
  std::optional<Timestamp> retired_at;  // no longer signs; still verifies for a token's life
};

struct StatusCounts {
  std::int64_t of[domain::kStatusCount] = {};
  std::int64_t& operator[](domain::Status s) { return of[static_cast<int>(s)]; }
  std::int64_t operator[](domain::Status s) const { return of[static_cast<int>(s)]; }
};

// What happened in one step of time, for one queue and task name.
struct SeriesPoint {
  Timestamp at;                       // start of the step
  std::string queue_name, task_name;  // task_name "(other)" beyond kSeriesNamesMax an hour
  std::int64_t submitted = 0, started = 0, completed = 0, failed = 0, retried = 0, cancelled = 0,
               expired = 0;
  domain::LatencyHistogram wait;  // due until started, first attempts
  domain::LatencyHistogram run;   // attempts, started until finished
};

}  // namespace belfry::store
