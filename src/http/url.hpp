#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace belfry::http {

// A destination, parsed once by one strict parser; the same object is dialled (PROMISES 3.1).
struct Url {
  bool tls = false;
  std::string host;  // lower case, no brackets for IPv6 literals
  std::uint16_t port = 0;
  std::string target;  // path and query as sent in the request line, starts with '/'
  bool literal_address = false;
  // host:port as in the Host header (the default port left out, IPv6 in brackets).
  std::string authority() const;
  std::string origin() const;  // scheme://authority
};

// http or https, ASCII or punycode host, no user information, no fragment, canonical IPv4 only
// (four decimal parts without leading zeros), no IPv6 zone, no trailing dot, no empty label, at
// most 2,048 bytes; the port is 80, 443 or >= 1024. The deny list of well-known service ports is
// judged by EgressPolicy::allows, so that an operator's allow-list can open one. Fails with
// destination_forbidden (userinfo, port) or validation_failed (syntax). Thread-safe.
Result<Url> parse_url(std::string_view text);

}  // namespace belfry::http
