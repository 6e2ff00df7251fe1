#include "api/task_out.hpp"

#include <type_traits>

namespace belfry::api {
namespace {

void write_time(json::Writer& w, std::string_view key, const std::optional<Timestamp>& time) {
  w.key(key);
  if (time) {
    w.time(*time);
  } else {
    w.null();
  }
}

void write_text(json::Writer& w, std::string_view key, std::string_view text) {
  w.key(key);
  if (text.empty()) {
    w.null();
  } else {
    w.string(text);
  }
}

void write_raw(json::Writer& w, std::string_view key, std::string_view raw) {
  w.key(key);
  if (raw.empty()) {
    w.null();
  } else {
    w.raw(raw);
  }
}

// The original's fields, in its order.
void write_original_fields(json::Writer& w, const store::TaskRow& row, View view) {
  w.key("taskId").string(to_string(row.id));
  w.key("tenantId").string(to_string(row.tenant));
  w.key("taskName").string(row.name);
  if (view == View::full) write_raw(w, "payload", row.payload);
  write_text(w, "callbackUrl", row.options.callback_url);
  w.key("status").string(name(row.status));
  w.key("submittedAt").time(row.submitted_at);
  write_time(w, "scheduledFor", row.scheduled_for);
  write_time(w, "startedAt", row.started_at);
  write_time(w, "completedAt", row.finished_at);
  if (view == View::full) write_raw(w, "result", row.result);
  write_text(w, "errorMessage", row.error);
  w.key("priority").number(row.priority);
  w.key("retryCount").number(row.failures);
  w.key("maxRetries").number(row.max_attempts);
}

void write_options(json::Writer& w, const domain::TaskOptions& options) {
  w.key("target");
  if (options.target) {
    write_target(w, *options.target);
  } else {
    w.null();
  }
  w.key("retry");
  if (options.retry) {
    write_retry(w, *options.retry);
  } else {
    w.null();
  }
  w.key("timeoutMs");
  if (options.timeout) {
    w.number(options.timeout->count());
  } else {
    w.null();
  }
  w.key("tags").begin_array();
  for (const auto& tag : options.tags) w.string(tag);
  w.end_array();
  w.key("labels").begin_object();
  for (const auto& [key, value] : options.labels) w.key(key).string(value);
  w.end_object();
}

void write_progress(json::Writer& w, const store::TaskRow& row) {
  w.key("progress");
  if (!row.progress_percent && row.progress_text.empty()) {
    w.null();
    return;
  }
  w.begin_object();
  w.key("percent");
  if (row.progress_percent) {
    w.number(*row.progress_percent);
  } else {
    w.null();
  }
  w.key("text").string(row.progress_text);
  write_time(w, "at", row.heartbeat_at);
  w.end_object();
}

void write_attempt(json::Writer& w, const store::AttemptRow& attempt) {
  w.begin_object();
  w.key("number").number(attempt.number);
  w.key("run").number(attempt.run);
  w.key("outcome").string(attempt.outcome);
  w.key("startedAt").time(attempt.started_at);
  const bool finished = attempt.finished_at != Timestamp{};
  write_time(w, "finishedAt", finished ? std::optional(attempt.finished_at) : std::nullopt);
  w.key("durationMs");
  if (finished) {
    w.number((attempt.finished_at - attempt.started_at).count());
  } else {
    w.null();
  }
  write_text(w, "errorMessage", attempt.error);
  w.key("httpStatus");
  if (attempt.http_status != 0) {
    w.number(attempt.http_status);
  } else {
    w.null();
  }
  write_text(w, "worker", attempt.worker);
  w.end_object();
}

void write_detail(json::Writer& w, const TaskDetail& detail) {
  write_waiting(w, detail.waiting);
  w.key("attempts").begin_array();
  for (const auto& attempt : detail.attempts) write_attempt(w, attempt);
  w.end_array();
  w.key("logs").begin_array();
  for (const auto& [at, line] : detail.log_lines) {
    w.begin_object();
    w.key("at").time(at);
    w.key("line").string(line);
    w.end_object();
  }
  w.end_array();
}

void write_fields(json::Writer& w, const store::TaskRow& row, View view) {
  write_original_fields(w, row, view);
  w.key("queue").string(row.queue_name);
  write_options(w, row.options);
  write_time(w, "expiresAt", row.expires_at);
  w.key("run").number(row.run);
  w.key("attempt").number(row.attempt);
  const bool waits = row.status == domain::Status::scheduled;
  write_time(w, "nextAttemptAt", waits ? row.next_at : std::nullopt);
  const bool runs = row.status == domain::Status::running;
  write_time(w, "leaseExpiresAt", runs ? row.next_at : std::nullopt);
  write_text(w, "worker", row.worker);
  write_progress(w, row);
}

bool is_public(std::string_view header_value) {
  return header_value.starts_with(domain::kPublicHeaderMark);
}

}  // namespace

void write_target(json::Writer& w, const domain::Target& target) {
  w.begin_object();
  if (const auto* http = std::get_if<domain::HttpTarget>(&target)) {
    w.key("type").string("http");
    w.key("url").string(http->url);
    w.key("method").string(http->method);
    w.key("headers").begin_object();
    for (const auto& [key, value] : http->headers) {
      w.key(key).string(is_public(value) ? std::string_view(value).substr(1) : kHiddenHeader);
    }
    w.end_object();
    w.key("publicHeaders").begin_array();
    for (const auto& [key, value] : http->headers) {
      if (is_public(value)) w.string(key);
    }
    w.end_array();
    if (http->timeout) w.key("timeoutMs").number(http->timeout->count());
  } else if (const auto* echo = std::get_if<domain::EchoTarget>(&target)) {
    w.key("type").string("echo");
    w.key("delayMs").number(echo->delay.count());
    w.key("failTimes").number(echo->fail_times);
  } else {
    w.key("type").string("worker");
  }
  w.end_object();
}

void write_retry(json::Writer& w, const domain::RetryPolicy& retry) {
  w.begin_object();
  w.key("maxAttempts").number(retry.max_attempts);
  w.key("backoff").string(name(retry.backoff));
  w.key("initialMs").number(retry.initial.count());
  w.key("maxMs").number(retry.max.count());
  w.key("jitter").number(retry.jitter);
  w.end_object();
}

void write_task(json::Writer& w, const store::TaskRow& row, View view) {
  w.begin_object();
  write_fields(w, row, view);
  w.end_object();
}

void write_task(json::Writer& w, const store::TaskRow& row, View view,
                const std::optional<Waiting>& waiting) {
  w.begin_object();
  write_fields(w, row, view);
  write_waiting(w, waiting);
  w.end_object();
}

std::string task_json(const store::TaskRow& row, View view, const TaskDetail* detail) {
  std::string out;
  out.reserve(640 + (view == View::full ? row.payload.size() + row.result.size() : 0));
  json::Writer w(out);
  w.begin_object();
  write_fields(w, row, view);
  if (detail) write_detail(w, *detail);
  w.end_object();
  return out;
}

store::TaskRow row_of(const domain::NewTask& task, domain::Status status) {
  store::TaskRow row;
  row.id = task.id;
  row.tenant = task.tenant;
  row.queue_name = task.queue;
  row.name = task.name;
  row.payload = task.payload;
  row.options = task.options;
  row.status = status;
  row.priority = task.priority;
  row.max_attempts = task.max_attempts;
  row.submitted_at = task.submitted_at;
  row.scheduled_for = task.scheduled_for;
  row.expires_at = task.expires_at;
  if (status == domain::Status::scheduled) row.next_at = task.scheduled_for;
  return row;
}

}  // namespace belfry::api
