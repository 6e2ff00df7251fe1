#include "server/operators_api.hpp"

#include "api/origin_guard.hpp"
#include "http/problem.hpp"
#include "json/writer.hpp"

namespace belfry::server {
namespace {

namespace asio = boost::asio;

http::Response metrics_answer(const MetricsRegistry& metrics) {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics.text();
  return response;
}

http::Response health_answer(const OperatorsHealth& health) {
  const auto why_not = health.why_not();
  http::Response response;
  response.status = why_not.empty() ? 200 : 503;
  response.content_type = "application/json";
  if (!why_not.empty()) response.headers.set("Retry-After", "1");
  json::Writer w(response.body);
  w.begin_object();
  w.key("status").string(why_not.empty() ? "pass" : "fail");
  w.key("detail").string(why_not.empty() ? health.notes() : why_not);
  w.end_object();
  return response;
}

asio::awaitable<http::Response> answer(const MetricsRegistry& metrics,
                                       const OperatorsHealth& health, const api::Options& hosts,
                                       http::Request& request) {
  if (const auto host = api::check_host(hosts, request); !host) {
    co_return http::problem(host.error());
  }
  if (request.method != http::Method::get && request.method != http::Method::head) {
    auto response = http::problem({ErrorCode::method_not_allowed, "this path takes GET"});
    response.headers.set("Allow", "GET, HEAD");
    co_return response;
  }
  if (request.path == "/metrics") co_return metrics_answer(metrics);
  if (request.path == "/healthz") co_return health_answer(health);
  co_return http::problem({ErrorCode::not_found, "there are /metrics and /healthz here"});
}

}  // namespace

http::ServerHooks operators_hooks(const MetricsRegistry& metrics, OperatorsHealth health,
                                  api::Options hosts) {
  http::ServerHooks hooks;
  hooks.handle = [&metrics, health = std::move(health), hosts = std::move(hosts)](
                     http::Request& request) { return answer(metrics, health, hosts, request); };
  hooks.body_limit = [](http::Method, std::string_view) { return std::size_t{0}; };
  hooks.refuse = [](const Error& error) { return http::problem(error); };
  return hooks;
}

}  // namespace belfry::server
