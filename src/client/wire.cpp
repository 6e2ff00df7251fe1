#include "client/wire.hpp"

#include <algorithm>

#include "http/retry_after.hpp"

namespace belfry::client {
namespace {

constexpr std::string_view kTypePrefix = "urn:belfry:client:";

ClientError own_error(std::string_view name, std::string detail) {
  return {0, std::string(kTypePrefix) + std::string(name), std::move(detail)};
}

void set_text(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json.set(key, value);
}

void set_ms(Json& json, const char* key, const std::optional<std::chrono::milliseconds>& value) {
  if (value) json.set(key, value->count());
}

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  auto json = Json::object();
  for (const auto& [key, value] : pairs) json.set(key, value);
  return json;
}

Json echo_json(const Target& target) {
  auto json = Json::object({{"type", "echo"}});
  set_ms(json, "delayMs", target.echo_delay);
  if (target.echo_fail_times) json.set("failTimes", *target.echo_fail_times);
  return json;
}

const char* name_of(Retry::Backoff backoff) {
  switch (backoff) {
    case Retry::Backoff::exponential:
      return "exponential";
    case Retry::Backoff::linear:
      return "linear";
    case Retry::Backoff::fixed:
      return "fixed";
  }
  return "";
}

Json retry_json(const Retry& retry) {
  auto json = Json::object();
  if (retry.max_attempts) json.set("maxAttempts", *retry.max_attempts);
  if (retry.backoff) json.set("backoff", name_of(*retry.backoff));
  set_ms(json, "initialMs", retry.initial);
  set_ms(json, "maxMs", retry.max);
  if (retry.jitter) json.set("jitter", *retry.jitter);
  return json;
}

const char* name_of(QueueSettings::Field field) {
  switch (field) {
    case QueueSettings::Field::concurrency_limit:
      return "concurrencyLimit";
    case QueueSettings::Field::default_target:
      return "defaultTarget";
    case QueueSettings::Field::retry:
      return "retry";
    case QueueSettings::Field::timeout:
      return "timeoutMs";
    case QueueSettings::Field::aging:
      return "agingMs";
  }
  return "";
}

int small(const Json& json) {
  return static_cast<int>(json.integer_or(0));
}

}  // namespace

Json target_json(const Target& target) {
  if (target.kind == Target::Kind::worker) return Json::object({{"type", "worker"}});
  if (target.kind == Target::Kind::echo) return echo_json(target);
  auto json = Json::object({{"type", "http"}, {"url", target.url}});
  set_text(json, "method", target.method);
  if (!target.headers.empty()) json.set("headers", pairs_json(target.headers));
  if (!target.public_headers.empty()) {
    auto names = Json::array();
    for (const auto& name : target.public_headers) names.push(name);
    json.set("publicHeaders", names);
  }
  set_ms(json, "timeoutMs", target.timeout);
  return json;
}

Json queue_json(const QueueSettings& settings) {
  auto json = Json::object();
  if (settings.concurrency_limit) json.set("concurrencyLimit", *settings.concurrency_limit);
  if (settings.default_target) json.set("defaultTarget", target_json(*settings.default_target));
  if (settings.retry) json.set("retry", retry_json(*settings.retry));
  set_ms(json, "timeoutMs", settings.timeout);
  set_ms(json, "agingMs", settings.aging);
  for (const auto field : settings.clear) json.set(name_of(field), Json());
  return json;
}

Json submission_json(const Submission& submission) {
  auto json = Json::object({{"taskName", submission.task_name}});
  if (!submission.payload.is_null()) json.set("payload", submission.payload);
  set_text(json, "queue", submission.queue);
  if (submission.priority) json.set("priority", *submission.priority);
  set_text(json, "scheduledFor", submission.scheduled_for);
  set_ms(json, "delayMs", submission.delay);
  set_text(json, "expiresAt", submission.expires_at);
  if (submission.target) json.set("target", target_json(*submission.target));
  if (submission.retry) json.set("retry", retry_json(*submission.retry));
  if (submission.max_attempts) json.set("maxRetries", *submission.max_attempts);
  set_ms(json, "timeoutMs", submission.timeout);
  set_text(json, "callbackUrl", submission.callback_url);
  if (!submission.tags.empty()) {
    auto tags = Json::array();
    for (const auto& tag : submission.tags) tags.push(tag);
    json.set("tags", std::move(tags));
  }
  if (!submission.labels.empty()) json.set("labels", pairs_json(submission.labels));
  return json;
}

Task task_of(Json document) {
  Task task;
  task.id = document["taskId"].string_or("");
  task.name = document["taskName"].string_or("");
  task.queue = document["queue"].string_or("");
  task.status = document["status"].string_or("");
  task.priority = small(document["priority"]);
  task.attempt = small(document["attempt"]);
  task.payload = document["payload"];
  task.result = document["result"];
  task.error_message = document["errorMessage"].string_or("");
  task.document = std::move(document);
  return task;
}

ClientError error_of_problem(int status, const Json& problem) {
  ClientError error{status, problem["type"].string_or("about:blank"),
                    problem["detail"].string_or("")};
  if (error.detail.empty()) error.detail = "the scheduler answered " + std::to_string(status);
  for (const auto& fault : problem["errors"].items()) {
    error.errors.push_back({fault["pointer"].string_or(""), fault["detail"].string_or("")});
  }
  return error;
}

ClientError error_of(const http::OutboundResponse& response, Timestamp now) {
  auto error = error_of_problem(response.status, Json::parse(response.body).value_or(Json()));
  const auto text = response.headers.get("Retry-After").value_or("");
  if (const auto at = http::retry_after(text, now)) {
    error.retry_after = std::max(*at - now, Millis{0});
  }
  return error;
}

ClientError usage_error(std::string detail) {
  return own_error("usage", std::move(detail));
}

ClientError file_error(std::string detail) {
  return own_error("file", std::move(detail));
}

ClientError closed_error() {
  return own_error("closed", "the call was stopped");
}

ClientError answer_error(std::string detail) {
  return own_error("answer", std::move(detail));
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (const char c : text) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string next_of(std::string_view link) {
  const auto rel = link.find("rel=\"next\"");
  const auto end = rel == std::string_view::npos ? rel : link.rfind('>', rel);
  const auto begin = end == std::string_view::npos ? end : link.rfind('<', end);
  if (begin == std::string_view::npos) return {};
  auto url = link.substr(begin + 1, end - begin - 1);
  // Absolute or relative, it is asked for at the configured address.
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    const auto path = url.find('/', scheme + 3);
    url = path == std::string_view::npos ? std::string_view("/") : url.substr(path);
  }
  return std::string(url);
}

}  // namespace belfry::client
