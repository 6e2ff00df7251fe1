#include "api/origin_guard.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace belfry::api {
namespace {

// "[::1]:8080" → "::1"; "127.0.0.1:8080" → "127.0.0.1".
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return std::string(end == std::string_view::npos ? host : host.substr(1, end - 1));
  }
  std::string name(host.substr(0, host.find(':')));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

// A literal address, so that a name like 127.evil.example is none.
bool is_loopback(const std::string& name) {
  boost::system::error_code not_literal;
  const auto address = boost::asio::ip::make_address(name, not_literal);
  return name == "localhost" || (!not_literal && address.is_loopback());
}

bool is_configured_origin(const Options& options, std::string_view origin) {
  return std::find(options.cors_origins.begin(), options.cors_origins.end(), origin) !=
         options.cors_origins.end();
}

}  // namespace

Result<> check_host(const Options& options, const http::Request& request) {
  if (!options.loopback_listener && options.allowed_hosts.empty()) return {};
  const auto host = request.headers.get("Host");
  if (!host) return {};  // HTTP/1.0; the framing check demands it of HTTP/1.1
  const auto name = host_name(*host);
  if (is_loopback(name)) return {};
  const auto& allowed = options.allowed_hosts;
  if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return {};
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
  response.headers.set("Access-Control-Expose-Headers",
                       "Link, Location, Retry-After, Idempotency-Replayed");
}

}  // namespace belfry::api
