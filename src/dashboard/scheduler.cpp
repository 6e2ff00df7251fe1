#include "dashboard/scheduler.hpp"

#include <fmt/format.h>

#include <sstream>

#include "http/problem.hpp"
#include "json/check.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace belfry::dashboard {
namespace {

namespace asio = boost::asio;

// A token is renewed this long before it ends.
constexpr Millis kRenewBefore{60'000};
constexpr int kDepthMax = 32;

std::string key_body(const Secret& api_key) {
  std::string body;
  json::Writer w(body);
  w.begin_object();
  w.key("apiKey").string(api_key.reveal());
  w.end_object();
  return body;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

std::string string_member(const json::Value& object, std::string_view name) {
  const auto member = object.find(name);
  return member ? member->string().value_or("") : "";
}

}  // namespace

Error unreachable() {
  return {ErrorCode::overloaded,
          "the scheduler does not answer; what is shown may be old, and it is tried again",
          {},
          Millis{2'000}};
}

http::Response unreachable_answer() {
  auto response = http::problem(unreachable());
  response.body.clear();
  json::Writer w(response.body);
  w.begin_object();
  w.key("type").string("urn:belfry:problem:scheduler_unreachable");
  w.key("title").string("Service unavailable");
  w.key("status").number(503);
  w.key("detail").string(unreachable().message);
  w.end_object();
  return response;
}

http::OutboundRequest Scheduler::request(SchedulerCall call) const {
  http::OutboundRequest request;
  request.method = call.method;
  request.url = settings_.scheduler;
  request.url.target = std::move(call.target);
  request.timeout = call.timeout;
  request.pool_key = "scheduler";
  request.headers.add("User-Agent", "Belfry-Dashboard");
  if (!call.bearer.empty()) request.headers.add("Authorization", "Bearer " + call.bearer);
  if (!call.content_type.empty()) {
    request.headers.add("Content-Type", std::move(call.content_type));
  }
  if (!call.client.empty()) request.headers.add("X-Forwarded-For", std::move(call.client));
  for (auto& [name, value] : call.headers) request.headers.add(name, std::move(value));
  request.body = std::move(call.body);
  return request;
}

asio::awaitable<SchedulerAnswer> Scheduler::send(SchedulerCall call) {
  return client_.send(request(std::move(call)));
}

asio::awaitable<Result<Token>> Scheduler::exchange(SchedulerCall call, Session* facts) {
  const auto answer = co_await send(std::move(call));
  if (!answer || answer->status >= 500) co_return fail(unreachable());
  if (answer->status == 404) co_return fail(ErrorCode::not_found, "no such tenant");
  if (answer->status == 429) {
    co_return fail(ErrorCode::rate_limited, "the scheduler asks for patience; try again soon");
  }
  if (answer->status != 200 || !json::check(answer->body, kDepthMax)) {
    co_return fail(ErrorCode::unauthenticated,
                   "the scheduler refuses this key: it is unknown, expired or revoked");
  }
  const json::Value told(answer->body);
  const auto life = told.find("expires_in");
  const auto seconds = life ? life->int64().value_or(0) : 0;
  if (facts != nullptr) {
    facts->tenant_id = string_member(told, "tenantId");
    facts->tenant_name = string_member(told, "tenantName");
    facts->scopes = words(string_member(told, "scope"));
    facts->is_operator = facts->tenant_id.empty();
  }
  co_return Token{Secret(string_member(told, "token")), clock_.now() + Millis{seconds * 1'000}};
}

asio::awaitable<Result<std::shared_ptr<Session>>> Scheduler::sign_in(Secret api_key,
                                                                     std::string client) {
  const auto session = std::make_shared<Session>();
  session->client = std::move(client);
  session->api_key = std::move(api_key);
  SchedulerCall call{http::Method::post, "/api/v1/auth/token"};
  call.client = session->client;
  call.content_type = "application/json";
  call.body = key_body(session->api_key);
  auto token = co_await exchange(std::move(call), session.get());
  if (!token) co_return fail(std::move(token.error()));
  session->token = std::move(*token);
  co_return session;
}

asio::awaitable<Result<Secret>> Scheduler::token(std::shared_ptr<Session> session,
                                                 std::string tenant) {
  if (session->token.until < clock_.now() + kRenewBefore) {
    SchedulerCall call{http::Method::post, "/api/v1/auth/token"};
    call.client = session->client;
    call.content_type = "application/json";
    call.body = key_body(session->api_key);
    auto renewed = co_await exchange(std::move(call), nullptr);
    if (!renewed) {
      if (renewed.error().code == ErrorCode::unauthenticated) session->ended.request();
      co_return fail(std::move(renewed.error()));
    }
    session->token = std::move(*renewed);
  }
  if (tenant.empty()) co_return session->token.text;
  if (!session->is_operator) {
    co_return fail(ErrorCode::forbidden, "only an operator sees other tenants");
  }
  const auto known = session->tenant_tokens.find(tenant);
  if (known != session->tenant_tokens.end() && known->second.until >= clock_.now() + kRenewBefore) {
    co_return known->second.text;
  }
  SchedulerCall call{http::Method::post, fmt::format("/api/v1/admin/tenants/{}/token", tenant),
                     std::string(session->token.text.reveal()), session->client};
  call.content_type = "application/json";
  call.body = "{}";
  auto made = co_await exchange(std::move(call), nullptr);
  if (!made) co_return fail(std::move(made.error()));
  auto text = made->text;
  session->tenant_tokens.insert_or_assign(std::move(tenant), std::move(*made));
  co_return text;
}

void Scheduler::forget_token(Session& session, std::string_view tenant) {
  if (tenant.empty()) {
    session.token.until = {};
    return;
  }
  const auto known = session.tenant_tokens.find(tenant);
  if (known != session.tenant_tokens.end()) known->second.until = {};
}

asio::awaitable<void> Scheduler::revoke(std::shared_ptr<Session> session) {
  std::vector<std::string> tokens{std::string(session->token.text.reveal())};
  for (const auto& [tenant, token] : session->tenant_tokens) {
    tokens.emplace_back(token.text.reveal());
  }
  for (const auto& token : tokens) {
    SchedulerCall call{http::Method::post, "/api/v1/auth/revoke", token, session->client};
    call.content_type = "application/json";
    json::Writer w(call.body);
    w.begin_object();
    w.key("token").string(token);
    w.end_object();
    call.timeout = Millis{2'000};
    // One that cannot be revoked now ends by itself within the hour.
    (void)co_await send(std::move(call));
  }
}

}  // namespace belfry::dashboard
