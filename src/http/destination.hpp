#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "http/url.hpp"

namespace belfry::http {

// Where one tenant's calls go. The origin is scheme, host and port; the handler is the path without
// query (pushes) or the endpoint (webhooks), or empty: all paths beyond kHandlersPerOrigin.
struct Destination {
  TenantId tenant;
  std::string origin;
  std::string handler;
  auto operator<=>(const Destination&) const = default;
};
Destination destination_of(TenantId tenant, const Url& url);

// The order in which calls that wait are made: smaller first.
struct Place {
  std::int64_t rank = 0;
  std::uint64_t order = 0;  // breaks ties
  auto operator<=>(const Place&) const = default;
};

// What the end of a call says about its destination.
struct CallEnd {
  enum class Kind {
    healthy,      // 2xx, 3xx, 4xx: the handler may get more calls at a time
    answered,     // any other answer that says nothing about the handler's capacity (500)
    slowed,       // 429, or 503 with Retry-After: the handler asks for fewer calls
    failed,       // a response timeout, a reset, or 502, 503 or 504: the handler's failure
    unreachable,  // look-up, connect or TLS handshake failed: the origin's failure
    unknown,      // cancelled, stale, refused by the egress policy, or this process's own trouble
  } kind = Kind::unknown;
  bool response_bytes = false;               // some came, even if the answer broke off
  bool name_unresolved = false;              // unreachable because its name could not be looked up
  std::optional<Timestamp> not_before = {};  // slowed: when the handler wants the next call
  std::string error = {};                    // for people
};

}  // namespace belfry::http
