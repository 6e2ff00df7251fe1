#include "dispatch/push_request.hpp"

#include <fmt/format.h>

#include "json/check.hpp"
#include "json/value.hpp"
#include "store/lease_token.hpp"

namespace belfry::dispatch {
namespace {

http::Method method_of(std::string_view name) {
  if (name == "GET") return http::Method::get;
  if (name == "PUT") return http::Method::put;
  if (name == "PATCH") return http::Method::patch;
  if (name == "DELETE") return http::Method::delete_;
  return http::Method::post;
}

// A span of its own in the submitter's trace (W3C Trace Context), or a new trace.
std::string traceparent(std::string_view submitted, Random& random) {
  const auto trace = submitted.size() == 55
                         ? std::string(submitted.substr(3, 32))
                         : fmt::format("{:016x}{:016x}", random.next_u64() | 1, random.next_u64());
  const auto flags = submitted.size() == 55 ? submitted.substr(53, 2) : "00";
  return fmt::format("00-{}-{:016x}-{}", trace, random.next_u64() | 1, flags);
}

}  // namespace

PushBody push_body(std::string_view payload) {
  if (payload.empty()) return {"", "application/json"};
  if (payload.front() != '"') return {std::string(payload), "application/json"};
  auto text = json::Value(payload).string().value_or("");
  const bool is_json = json::check(text, domain::kJsonDepthMax).has_value();
  return {std::move(text), is_json ? "application/json" : "text/plain; charset=utf-8"};
}

http::OutboundRequest push_request(const store::Claim::Task& task, const domain::HttpTarget& target,
                                   http::Url url, std::vector<signing::SigningKey> keys,
                                   const Clock& clock, Millis timeout, Random& random) {
  http::OutboundRequest request;
  request.method = method_of(target.method);
  request.url = std::move(url);
  request.timeout = timeout;
  request.pool_key = to_string(task.tenant);
  auto body = push_body(task.payload);
  const auto id = to_string(task.id);
  auto& headers = request.headers;
  for (const auto& [name, value] : target.headers) headers.add(name, value);
  if (!headers.get("Content-Type")) headers.add("Content-Type", std::move(body.content_type));
  // Common firewall rules refuse requests without one.
  if (!headers.get("User-Agent")) headers.add("User-Agent", "Belfry");
  request.headers_at_sending = [keys = std::move(keys), id, &clock](std::string_view text) {
    return signing::signed_headers(keys, id, clock.now(), text);
  };
  headers.add("Belfry-Task-Id", id);
  headers.add("Belfry-Attempt", fmt::format("{}", task.token.attempt));
  headers.add("Belfry-Lease", store::to_text(task.token));
  headers.add("Idempotency-Key", id);
  headers.add("traceparent", traceparent(task.options.traceparent, random));
  if (!task.options.tracestate.empty()) headers.add("tracestate", task.options.tracestate);
  request.body = std::move(body.text);
  // Each sending has its own attempt number, so the client sends none of them twice. A task with
  // one attempt has none to lose to a connection that ends at the wrong moment.
  request.after_stale_end = http::OutboundRequest::AfterStaleEnd::report;
  if (task.max_attempts == 1) request.connection = http::OutboundRequest::Connection::fresh;
  return request;
}

Millis push_timeout(const domain::TaskOptions& options, const domain::HttpTarget& target,
                    const domain::QueueSettings& queue) {
  if (target.timeout) return *target.timeout;
  if (options.timeout) return *options.timeout;
  return queue.timeout.value_or(domain::kTimeoutDefault);
}

}  // namespace belfry::dispatch
