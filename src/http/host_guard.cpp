#include "http/host_guard.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace belfry::http {
namespace {

// "[::1]:8080" → "::1"; "Localhost:8080" → "localhost".
std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    const auto rest = end == host.npos ? host : host.substr(end + 1);
    // What follows the bracket is a port, or this names nothing that is served.
    return std::string(rest.empty() || rest.starts_with(':') ? host.substr(1, end - 1) : host);
  }
  std::string name(host.substr(0, host.find(':')));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return name;
}

}  // namespace

bool is_loopback(std::string_view host) {
  boost::system::error_code not_literal;
  const auto address = boost::asio::ip::make_address(std::string(host), not_literal);
  return !not_literal && address.is_loopback();
}

bool serves_host(const Request& request, bool loopback_listener,
                 const std::vector<std::string>& allowed) {
  if (!loopback_listener && allowed.empty()) return true;
  const auto host = request.headers.get("Host");
  if (!host) return true;
  const auto name = host_name(*host);
  return name == "localhost" || is_loopback(name) ||
         std::ranges::find(allowed, name) != allowed.end();
}

bool is_same_origin(const Request& request) {
  const auto site = request.headers.get("Sec-Fetch-Site");
  if (site && *site != "same-origin") return false;
  const auto origin = request.headers.get("Origin");
  if (!origin) return true;
  const auto scheme = origin->find("://");
  return scheme != origin->npos &&
         origin->substr(scheme + 3) == request.headers.get("Host").value_or("");
}

}  // namespace belfry::http
