#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "domain/limits.hpp"
#include "domain/retry_policy.hpp"

namespace belfry::domain {

// Stored as these numbers: never renumber.
enum class Status : std::uint8_t {
  blocked = 0,
  scheduled = 1,
  pending = 2,
  running = 3,
  completed = 4,
  failed = 5,
  cancelled = 6,
  expired = 7,
};
inline constexpr int kStatusCount = 8;

std::string_view name(Status status);  // "PENDING", as on the wire
// In either case.
std::optional<Status> parse_status(std::string_view text);
constexpr bool is_terminal(Status status) {
  return status >= Status::completed;
}

// Begins the value of a target's header that is sealed; no header's value can begin so.
inline constexpr char kSealedHeaderMark = '\x01';
// Begins the value of one that its tenant lets be seen; the value follows in clear. What begins
// with neither was stored by an older version.
inline constexpr char kPublicHeaderMark = '\x02';

struct HttpTarget {
  std::string url;
  std::string method = "POST";
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<Millis> timeout;
  bool operator==(const HttpTarget&) const = default;
};
struct WorkerTarget {
  bool operator==(const WorkerTarget&) const = default;
};
struct EchoTarget {
  Millis delay{0};
  int fail_times = 0;  // the first n attempts of a run fail
  bool operator==(const EchoTarget&) const = default;
};
using Target = std::variant<HttpTarget, WorkerTarget, EchoTarget>;

// Which claimers may take a task: those of pushes, those of workers, or whichever its queue's
// default target says at that moment.
enum class Lane : std::uint8_t { by_queue_default = 0, push = 1, worker = 2 };
Lane lane_of(const std::optional<Target>& target);

// What a submitter may say beyond the basics; most tasks say nothing, so it is stored as one
// compact value (see `encode`).
struct TaskOptions {
  std::optional<Target> target;
  std::optional<RetryPolicy> retry;  // absent: the queue's, else the default
  std::optional<Millis> timeout;
  std::string callback_url;
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string traceparent;  // of the submitter, valid or empty
  std::string tracestate;   // the same; never without a traceparent
  bool operator==(const TaskOptions&) const = default;
};

// Version byte, then tagged fields; the empty string for default options. `decode` of bytes that
// `encode` did not make yields nothing.
std::string encode(const TaskOptions& options);
std::optional<TaskOptions> decode_options(std::string_view bytes);
std::string encode(const std::optional<Target>& target);
std::optional<std::optional<Target>> decode_target(std::string_view bytes);

// A validated submission.
struct NewTask {
  TaskId id;
  TenantId tenant;
  std::string queue = "default";
  std::string name;
  std::string payload;  // raw JSON text, as it came; empty: absent
  int priority = kPriorityDefault;
  int max_attempts = 3;    // from its retry policy, or its queue's
  Timestamp submitted_at;  // as IdGenerator::time_made(); all its other times go by it
  std::optional<Timestamp> scheduled_for;
  std::optional<Timestamp> expires_at;
  TaskOptions options;
};

// The sort key of a ready task: smaller runs first. Waiting `aging` longer outweighs one level.
std::int64_t rank(Timestamp ready_at, int priority, Millis aging);

bool is_queue_name(std::string_view text);  // [A-Za-z0-9._-]{1,128}

}  // namespace belfry::domain
