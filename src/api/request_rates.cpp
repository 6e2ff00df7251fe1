#include "api/request_rates.hpp"

#include <fmt/format.h>

namespace belfry::api {
namespace {

constexpr std::string_view kAddressPolicy = "address";
constexpr std::string_view kTenantPolicy = "tenant";
// Machines that start together ask for their tokens at once, and then for an hour no more.
constexpr std::chrono::seconds kAddressWindow{10};
constexpr std::chrono::seconds kTenantWindow{1};

}  // namespace

std::int64_t requests_per_second(const Options& options, const domain::TenantLimits& limits) {
  return limits.requests_per_second.value_or(options.tenant_requests_per_second);
}

std::optional<RequestRates::Counted> RequestRates::count(const Services& services,
                                                         const auth::Principal& principal,
                                                         const http::Request& request) {
  const auto now = services.clock.steady_now().time_since_epoch();
  if (request.path.starts_with("/api/v1/auth/")) {
    const Rate rate{services.options.auth_requests_per_second * kAddressWindow.count(),
                    kAddressWindow};
    if (rate.quota == 0) return std::nullopt;
    return Counted{kAddressPolicy, rate, addresses_.take(request.peer_unit, rate, now)};
  }
  if (principal.tenant == TenantId{}) return std::nullopt;
  const auto tenant = services.directory.tenant(principal.tenant);
  if (!tenant) return std::nullopt;
  const Rate rate{requests_per_second(services.options, tenant->limits), kTenantWindow};
  if (rate.quota == 0) return std::nullopt;
  return Counted{kTenantPolicy, rate, tenants_.take(principal.tenant, rate, now)};
}

Error rate_error(const RequestRates::Counted& counted) {
  const bool address = counted.policy == kAddressPolicy;
  Error error{
      ErrorCode::rate_limited,
      address ? fmt::format("your address may send {} requests to /api/v1/auth in {} s "
                            "(--auth-requests-per-second); wait, and keep the token that you get "
                            "until it expires",
                            counted.rate.quota, counted.rate.window.count())
              : fmt::format(
                    "this tenant may send {} requests a second; wait, or send more at once with "
                    "the bulk calls, or ask the operator for a larger `requestsPerSecond` "
                    "(--tenant-requests-per-second)",
                    counted.rate.quota)};
  error.retry_after = std::chrono::ceil<std::chrono::seconds>(counted.verdict.wait);
  return error;
}

void tell_rate(const RequestRates::Counted& counted, http::Response& response) {
  const auto wait = std::chrono::ceil<std::chrono::seconds>(counted.verdict.wait);
  response.headers.add("RateLimit-Policy",
                       fmt::format("\"{}\";q={};w={}", counted.policy, counted.rate.quota,
                                   counted.rate.window.count()));
  response.headers.add("RateLimit", fmt::format("\"{}\";r={};t={}", counted.policy,
                                                counted.verdict.remaining, wait.count()));
}

}  // namespace belfry::api
