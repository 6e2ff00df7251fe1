#include "dashboard/guard.hpp"

#include <algorithm>

#include "http/host_guard.hpp"
#include "http/media_type.hpp"
#include "json/check.hpp"

namespace belfry::dashboard {
namespace {

constexpr int kDepthMax = 32;

}  // namespace

Result<> check_host(const Settings& settings, const http::Request& request) {
  if (http::serves_host(request, settings.loopback_listener, settings.allowed_hosts)) return {};
  return fail(ErrorCode::forbidden,
              "this listener serves only loopback and configured Host names; start the dashboard "
              "with --allowed-host NAME to serve another");
}

Result<> check_origin(const http::Request& request) {
  if (http::is_same_origin(request)) return {};
  return fail(ErrorCode::csrf, "only this dashboard's own page may do that");
}

Result<> check_csrf(const Session& session, const http::Request& request) {
  const auto token = request.headers.get("X-CSRF-Token").value_or("");
  if (constant_time_equal(token, session.csrf)) return {};
  return fail(ErrorCode::csrf, "the header X-CSRF-Token is not the session's; read the page again");
}

bool could_be_key(std::string_view text) {
  constexpr std::size_t kLength = 37;
  const auto is_digit = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  return text.size() == kLength && (text.starts_with("bfk_") || text.starts_with("bfo_")) &&
         std::ranges::all_of(text.substr(4), is_digit);
}

Result<> check_json(const http::Request& request) {
  if (!http::has_media_type(request.headers, "application/json") ||
      !http::is_utf_8(request.headers)) {
    return fail(ErrorCode::unsupported_media_type, "send JSON as application/json in UTF-8");
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
