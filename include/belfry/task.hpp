#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "belfry/json.hpp"

namespace belfry::client {

// Where a task runs. Absent in a submission: the queue's default.
struct Target {
  enum class Kind { http, worker, echo };
  Kind kind = Kind::worker;
  // http: where the scheduler sends the payload, how, and with what beside its own headers (at most
  // 32 and 4 KiB in all). The timeout is each attempt's, 100 ms to 24 h; beats the submission's.
  std::string url = {};
  std::string method = {};  // POST (also if empty), PUT, PATCH, GET or DELETE
  std::vector<std::pair<std::string, std::string>> headers = {};
  // Names of `headers` whose values the scheduler may store in clear and show; it seals all others
  // and shows "(hidden)" in their place.
  std::vector<std::string> public_headers = {};
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  // echo: answers with the payload after a delay (at most 1 h), when so many attempts (at most 100)
  // have failed first.
  std::optional<std::chrono::milliseconds> echo_delay = std::nullopt;
  std::optional<int> echo_fail_times = std::nullopt;
};

// How failed attempts are repeated. What is absent: the scheduler's default.
struct Retry {
  enum class Backoff { exponential, linear, fixed };
  std::optional<int> max_attempts = std::nullopt;                   // 1 to 100; default 3
  std::optional<Backoff> backoff = std::nullopt;                    // default exponential
  std::optional<std::chrono::milliseconds> initial = std::nullopt;  // at most 24 h; default 1 s
  std::optional<std::chrono::milliseconds> max = std::nullopt;      // at most 24 h; default 1 h
  std::optional<double> jitter = std::nullopt;  // share of a wait, 0 to 1; default 0.2
};

struct Submission {
  std::string task_name;                       // 1 to 256 characters
  Json payload = {};                           // at most 256 KiB as text
  std::string queue = {};                      // empty: "default"
  std::optional<int> priority = std::nullopt;  // 1 to 10, 10 is most urgent; default 5
  std::string scheduled_for = {};              // RFC 3339, at most 366 days ahead; or
  std::optional<std::chrono::milliseconds> delay = std::nullopt;
  std::string expires_at = {};  // RFC 3339
  std::optional<Target> target = std::nullopt;
  std::optional<Retry> retry = std::nullopt;       // else the queue's
  std::optional<int> max_attempts = std::nullopt;  // short for retry->max_attempts; not another one
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;  // of an attempt; 100 ms to 24 h
  std::string callback_url = {};                                 // gets the terminal event, signed
  std::vector<std::string> tags = {};                            // at most 16 of 64 characters
  std::vector<std::pair<std::string, std::string>> labels = {};  // at most 16
};

struct Task {
  std::string id;
  std::string name;
  std::string queue;
  std::string status;  // SCHEDULED PENDING RUNNING COMPLETED FAILED CANCELLED EXPIRED
  int priority = 0;
  int attempt = 0;
  Json payload;
  Json result;
  std::string error_message;
  Json document;  // the whole answer
};

// Empty members do not restrict. One of the statuses, queues and names; all of the tags.
struct TaskFilter {
  std::vector<std::string> statuses = {};  // at most 32 of each
  std::vector<std::string> queues = {};
  std::vector<std::string> names = {};
  std::vector<std::string> tags = {};
  std::string created_from = {};   // RFC 3339; submitted at or after
  std::string created_to = {};     // submitted before
  std::string finished_from = {};  // ended at or after
  std::string finished_to = {};    // ended before
  std::string text = {};           // held by name, payload or error; at most 256 characters
  int limit = 50;                  // tasks a page; 1 to 500
  bool summary = false;            // without payload and result
};

struct TaskPage {
  std::vector<Task> tasks;
  std::string next;  // empty on the last page
};

}  // namespace belfry::client
