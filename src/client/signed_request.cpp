#include "client/signed_request.hpp"

#include <strings.h>

#include <charconv>

#include "base/clock.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Result<> SignedRequests::set_secrets(const std::vector<std::string>& secrets) {
  auto keys = std::make_shared<Keys>();
  for (const auto& secret : secrets) {
    auto key = signing::SigningKey::parse(secret);
    if (!key) return std::unexpected(usage_error("webhook secret: " + key.error().message));
    keys->push_back(std::move(*key));
  }
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  return {};
}

std::optional<Response> SignedRequests::refuse(const Request& request) const {
  std::shared_ptr<const Keys> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = keys_;
  }
  if (keys->empty()) {
    auto early = Response::problem(503, "no webhook secret is known yet");
    early.headers.emplace_back("Retry-After", "1");
    return early;
  }
  const auto id = request.header("webhook-id").value_or("");
  const auto timestamp = request.header("webhook-timestamp").value_or("");
  const auto signature = request.header("webhook-signature").value_or("");
  const signing::SignedMessage message{id, timestamp, signature, request.body};
  // The sender's wall clock counts, so ours is read afresh: a corrected clock must be believed.
  const auto now = AnchoredClock().now();
  std::string why;
  for (const auto& key : *keys) {
    const auto verified = signing::verify(key, message, now, tolerance_);
    if (verified) return std::nullopt;
    why = verified.error().message;
  }
  return Response::problem(401, why);
}

std::optional<Response> SignedRequests::refuse_push(const Request& request) const {
  if (auto refusal = refuse(request)) return refusal;
  const auto id = request.header("webhook-id").value_or("");
  for (const auto& [name, value] : request.headers) {
    const bool names_task = same_name(name, "Belfry-Task-Id") || same_name(name, "Idempotency-Key");
    if (names_task && value != id) {
      return Response::problem(401, name + " is not the signed webhook-id: the push was changed");
    }
  }
  // A lease begins with the number of its attempt.
  const auto attempt = request.header("Belfry-Attempt");
  const auto lease = request.header("Belfry-Lease");
  if (attempt && lease && lease->substr(0, lease->find('.')) != *attempt) {
    return Response::problem(401,
                             "Belfry-Attempt is not that of Belfry-Lease: the push was changed");
  }
  return std::nullopt;
}

std::optional<std::string> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return std::nullopt;
}

Response Response::json(int status, const Json& body) {
  return {status, "application/json", body.dump()};
}

Response Response::text(int status, std::string content_type, std::string body) {
  return {status, std::move(content_type), std::move(body)};
}

Response Response::problem(int status, const std::string& detail) {
  const auto body = Json::object({{"type", "about:blank"}, {"status", status}, {"detail", detail}});
  return {status, "application/problem+json", body.dump()};
}

PushOutcome PushOutcome::complete(Json result) {
  return {Kind::completed, std::move(result)};
}

PushOutcome PushOutcome::fail(std::string message, bool retryable) {
  return {Kind::failed, {}, std::move(message), retryable};
}

PushOutcome PushOutcome::accepted() {
  return {Kind::accepted};
}

Push push_of(const Request& request) {
  Push push;
  push.task_id = request.header("webhook-id").value_or("");  // signed, as no other header is
  push.lease = request.header("Belfry-Lease").value_or("");
  const auto attempt = request.header("Belfry-Attempt").value_or("");
  std::from_chars(attempt.data(), attempt.data() + attempt.size(), push.attempt);
  push.payload = request.body;
  push.request = request;
  return push;
}

// DESIGN section 6, "Push": what each answer means to the scheduler.
Response push_response(PushOutcome outcome) {
  switch (outcome.kind) {
    case PushOutcome::Kind::completed:
      if (outcome.result.is_null()) return Response{204};
      return Response::json(200, outcome.result);
    case PushOutcome::Kind::accepted:
      return Response{202};
    case PushOutcome::Kind::failed:
      break;
  }
  auto response = Response::problem(outcome.retryable ? 500 : 422, outcome.error_message);
  if (!outcome.retryable) response.headers.emplace_back("Belfry-Retry", "never");
  return response;
}

std::optional<Event> event_of(const Request& request) {
  auto document = Json::parse(request.body);
  if (!document || !document->is_object()) return std::nullopt;
  Event event;
  event.id = request.header("webhook-id").value_or("");
  event.type = (*document)["type"].string_or("");
  event.task_id = (*document)["taskId"].string_or("");
  event.status = (*document)["status"].string_or("");
  event.result = (*document)["result"];
  event.error_message = (*document)["errorMessage"].string_or("");
  event.document = std::move(*document);
  return event;
}

}  // namespace belfry::client
