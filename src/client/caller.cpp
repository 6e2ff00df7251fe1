#include "client/caller.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "client/backoff.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

using Answer = Client::Answer;

constexpr std::chrono::seconds kTokenUseAtLeast{1};

std::optional<http::Method> method_of(std::string_view name) {
  using enum http::Method;
  for (const auto method : {get, post, put, patch, delete_}) {
    if (http::name(method) == name) return method;
  }
  return std::nullopt;
}

Result<http::OutboundRequest> request_of(const ClientOptions& options, const Client::Call& call,
                                         const std::string& token) {
  const auto method = method_of(call.method);
  auto url = http::parse_url(options.url + call.path);
  if (!method) return std::unexpected(usage_error("unknown method " + call.method));
  if (!url) return std::unexpected(usage_error("not a usable URL: " + url.error().message));
  http::OutboundRequest request;
  request.method = *method;
  request.url = std::move(*url);
  request.timeout = call.timeout.value_or(options.timeout);
  request.pool_key = "scheduler";
  request.repeatable = !call.idempotency_key.empty();
  if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
  if (!call.idempotency_key.empty()) request.headers.add("Idempotency-Key", call.idempotency_key);
  for (const auto& [name, value] : call.headers) request.headers.add(name, value);
  if (call.body) {
    request.headers.add("Content-Type", "application/json");
    request.body = call.body->dump();
  }
  return request;
}

Result<Answer> answer_of(const http::OutboundResponse& response) {
  Answer answer;
  answer.status = response.status;
  answer.link = response.headers.get("Link").value_or("");
  if (response.body.empty()) return answer;
  auto body = response.body_truncated ? std::nullopt : Json::parse(response.body);
  if (!body) return std::unexpected(answer_error("the scheduler's answer is no JSON"));
  answer.body = std::move(*body);
  return answer;
}

// 429 is refused before anything is done; 503 and a running first request may be asked again only
// where a repeat does no harm.
bool may_repeat(const ClientError& error, bool repeatable) {
  if (error.status == 429) return true;
  if (error.status == 409) return error.type == "urn:belfry:problem:idempotency_in_progress";
  return repeatable && (error.status == 502 || error.status == 503 || error.status == 504);
}

}  // namespace

Caller::Caller(ClientOptions options)
    : options_(std::move(options)), random_(secure_seed()), transport_(options_.ca_file) {
  while (options_.url.ends_with('/')) options_.url.pop_back();
}

Caller::~Caller() {
  close();
}

Result<Answer> Caller::call(const Client::Call& call) {
  return call_until(call, true);
}

Result<Answer> Caller::call_openly(const Client::Call& call) {
  return call_until(call, false);
}

Result<Answer> Caller::call_until(const Client::Call& call, bool with_token) {
  std::stop_source stop;
  const std::stop_callback closed(closed_.get_token(), [&stop] { stop.request_stop(); });
  const std::stop_callback stopped(call.stop, [&stop] { stop.request_stop(); });
  bool renewed = false;
  bool maybe_done = false;
  for (int attempts = 1;; ++attempts) {
    std::string bearer;
    if (with_token) {
      auto got = token(stop.get_token());
      if (!got) return std::unexpected(got.error());
      bearer = std::move(*got);
    }
    auto tried = attempt(call, bearer, stop.get_token());
    if (tried.result) return tried.result;
    auto& error = tried.result.error();
    error.maybe_done = maybe_done;
    maybe_done = maybe_done || tried.maybe_done;
    if (error.status == 401 && with_token && !std::exchange(renewed, true)) {
      forget(bearer);  // revoked, or signed with a key that is gone
      continue;
    }
    if (!tried.repeatable || attempts >= options_.attempts_max) return tried.result;
    const auto wait =
        wait_after(error, attempts, {options_.backoff_first, options_.backoff_max}, random_);
    if (error.retry_after > options_.backoff_max) return tried.result;
    if (!sleep_unless(stop.get_token(), wait)) return std::unexpected(closed_error());
  }
}

Caller::Attempt Caller::attempt(const Client::Call& call, const std::string& token,
                                const std::stop_token& stop) {
  if (stop.stop_requested()) return {std::unexpected(closed_error())};
  auto request = request_of(options_, call, token);
  if (!request) return {std::unexpected(request.error())};
  const auto response = transport_.send(std::move(*request), stop);
  if (!response) return failed(response.error(), call);
  if (response->status >= 200 && response->status < 300) return {answer_of(*response)};
  auto error = error_of(*response, clock_.now());
  const bool again = may_repeat(error, call.repeatable);
  return {std::unexpected(std::move(error)), again, response->status >= 500};
}

Caller::Attempt Caller::failed(const http::CallError& failed_call, const Client::Call& call) const {
  const auto failure = failed_call.failure;
  if (failure == http::CallFailure::cancelled) return {std::unexpected(closed_error())};
  const bool harmless = !failed_call.sent && (failure == http::CallFailure::connect_failed ||
                                              failure == http::CallFailure::name_not_resolved);
  ClientError error{0, "urn:belfry:client:unreachable",
                    "no answer from " + options_.url + ": " + std::string(http::name(failure))};
  return {std::unexpected(std::move(error)), harmless || call.repeatable, failed_call.sent};
}

Result<std::string> Caller::token(const std::stop_token& stop) {
  const std::lock_guard lock(token_mutex_);
  if (!token_.empty() && clock_.steady_now() < renew_at_) return std::string(token_.reveal());
  Client::Call ask;
  ask.method = "POST";
  ask.path = "/api/v1/auth/token";
  ask.body = Json::object({{"apiKey", options_.api_key}});
  ask.stop = stop;
  const auto asked_at = clock_.steady_now();
  const auto answer = call_until(ask, false);
  if (!answer) return std::unexpected(answer.error());
  token_ = Secret(answer->body["access_token"].string_or(""));
  if (token_.empty()) return std::unexpected(answer_error("the scheduler gave no token"));
  const std::chrono::seconds life{answer->body["expires_in"].integer_or(0)};
  // A short-lived token is used for half its life, so that a margin never means one a call.
  const auto early = std::min(options_.token_margin, life / 2);
  renew_at_ = asked_at + std::max(life - early, kTokenUseAtLeast);
  return std::string(token_.reveal());
}

void Caller::forget(const std::string& token) {
  const std::lock_guard lock(token_mutex_);
  if (token_.reveal() == token) token_ = Secret();
}

}  // namespace belfry::client
