#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "domain/limits.hpp"

namespace belfry::domain {

// What an operator may set on a tenant.
struct TenantLimits {
  int running_max = kTenantRunningDefault;   // running tasks at once, all queues; 1..1,000,000
  int weight = 1;                            // share of push slots against other tenants; 1..1,000
  std::int64_t unfinished_max = 10'000'000;  // beyond: submissions get 429 quota_exceeded
  // Payloads, results, deliveries, kept answers; beyond: likewise.
  std::int64_t stored_max = kTenantStoredDefault;
  // Calls of the API; absent: as the server is configured, 0: no limit.
  std::optional<std::int64_t> requests_per_second = std::nullopt;
  bool operator==(const TenantLimits&) const = default;
};

struct Tenant {
  TenantId id;
  std::string name;
  Timestamp created_at;
  TenantLimits limits;
  std::optional<Timestamp> suspended_at;  // API refused, nothing claimed; running ones may finish
  std::string suspend_reason;
  std::optional<Timestamp> removing_since;  // suspended for good; its rows go step by step
  // Standard Webhooks secret of pushes and callbacks, sealed (auth::SealedBox); during rotation
  // both sign until `previous_until`.
  std::string sealed_secret;
  std::string sealed_previous_secret;
  std::optional<Timestamp> previous_until;
};

}  // namespace belfry::domain
