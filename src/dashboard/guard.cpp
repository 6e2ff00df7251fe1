#include "dashboard/guard.hpp"

#include <algorithm>

#include "json/check.hpp"
#include "options/values.hpp"

namespace belfry::dashboard {
namespace {

constexpr int kDepthMax = 32;

// "[::1]:8083" → "::1"; "Localhost:8083" → "localhost".
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return std::string(end == host.npos ? host : host.substr(1, end - 1));
  }
  std::string name(host.substr(0, host.find(':')));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return name;
}

}  // namespace

Result<> check_host(const Settings& settings, const http::Request& request) {
  if (!settings.loopback_listener && settings.allowed_hosts.empty()) return {};
  const auto host = request.headers.get("Host");
  if (!host) return {};  // HTTP/1.0
  const auto name = host_name(*host);
  if (name == "localhost" || options::is_loopback(name)) return {};
  if (std::ranges::find(settings.allowed_hosts, name) != settings.allowed_hosts.end()) return {};
  return fail(ErrorCode::forbidden,
              "this listener serves only loopback and configured Host names; start the dashboard "
              "with --allowed-host NAME to serve another");
}

Result<> check_origin(const http::Request& request) {
  const auto refused = fail(ErrorCode::csrf, "only this dashboard's own page may do that");
  if (const auto site = request.headers.get("Sec-Fetch-Site"); site && *site != "same-origin") {
    return refused;
  }
  const auto origin = request.headers.get("Origin");
  if (!origin) return {};
  const auto host = request.headers.get("Host").value_or("");
  const auto scheme = origin->find("://");
  if (scheme == origin->npos || origin->substr(scheme + 3) != host) return refused;
  return {};
}

Result<> check_csrf(const Session& session, const http::Request& request) {
  const auto token = request.headers.get("X-CSRF-Token").value_or("");
  if (constant_time_equal(token, session.csrf)) return {};
  return fail(ErrorCode::csrf, "the header X-CSRF-Token is not the session's; read the page again");
}

Result<> check_json(const http::Request& request) {
  if (!request.headers.get("Content-Type").value_or("").starts_with("application/json")) {
    return fail(ErrorCode::unsupported_media_type, "send JSON as application/json");
  }
  return json::check(request.body, kDepthMax);
}

void harden(const Settings& settings, http::Response& response) {
  auto& headers = response.headers;
  if (!headers.get("Cache-Control")) headers.set("Cache-Control", "no-store");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("X-Frame-Options", "DENY");
  if (settings.secure_cookies) {
    headers.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  }
}

}  // namespace belfry::dashboard
