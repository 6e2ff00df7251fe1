#pragma once

#include <optional>

#include "api/route.hpp"
#include "api/token_buckets.hpp"

namespace belfry::api {

// How often one may ask: addresses the routes that need no token (register, token, revoke), tenants
// all others. Operators are not limited. Thread-safe.
class RequestRates {
 public:
  // What became of one request, to be told in its answer.
  struct Counted {
    std::string_view policy;
    Rate rate;
    RateVerdict verdict;
  };
  // Nothing where there is no limit.
  std::optional<Counted> count(const Services& services, const auth::Principal& principal,
                               const http::Request& request);

 private:
  TokenBuckets<std::string> addresses_;
  TokenBuckets<TenantId> tenants_;
};

// 429 rate_limited; names the limit and its flag.
Error rate_error(const RequestRates::Counted& counted);
// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers).
void tell_rate(const RequestRates::Counted& counted, http::Response& response);

// The tenant's own rate, or else that of the server; 0: no limit.
std::int64_t requests_per_second(const Options& options, const domain::TenantLimits& limits);

}  // namespace belfry::api
