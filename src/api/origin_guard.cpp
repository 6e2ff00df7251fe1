#include "api/origin_guard.hpp"

#include <algorithm>

#include "http/host_guard.hpp"

namespace belfry::api {
namespace {

bool is_configured_origin(const Options& options, std::string_view origin) {
  return std::find(options.cors_origins.begin(), options.cors_origins.end(), origin) !=
         options.cors_origins.end();
}

}  // namespace

Result<> check_host(const Options& options, const http::Request& request) {
  if (http::serves_host(request, options.loopback_listener, options.allowed_hosts)) return {};
  return fail(ErrorCode::forbidden,
              "this listener serves only loopback and configured Host names; start the scheduler "
              "with --allowed-host NAME to serve another");
}

std::optional<http::Response> preflight(const Options& options, const http::Request& request) {
  if (request.method != http::Method::options) return std::nullopt;
  if (!request.headers.get("Access-Control-Request-Method")) return std::nullopt;
  http::Response response;
  response.status = 204;
  response.headers.add("Vary", "Origin");
  const auto origin = request.headers.get("Origin");
  if (origin && is_configured_origin(options, *origin)) {
    response.headers.add("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
    response.headers.add(
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, traceparent");
    response.headers.add("Access-Control-Max-Age", "600");
  }
  return response;
}

void add_cors(const Options& options, const http::Request& request, http::Response& response) {
  // Also without an Origin: a cache would give the answer that it kept to a page.
  if (!options.cors_origins.empty()) response.headers.set("Vary", "Origin");
  const auto origin = request.headers.get("Origin");
  if (!origin || !is_configured_origin(options, *origin)) return;
  response.headers.set("Access-Control-Allow-Origin", std::string(*origin));
  response.headers.set(
      "Access-Control-Expose-Headers",
      "Link, Location, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed");
}

}  // namespace belfry::api
