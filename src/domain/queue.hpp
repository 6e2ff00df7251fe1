#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "domain/limits.hpp"
#include "domain/retry_policy.hpp"
#include "domain/task.hpp"

namespace belfry::domain {

// The store's short name for a queue; unique over all tenants, never reused.
struct QueueNo {
  std::int64_t value = 0;
  auto operator<=>(const QueueNo&) const = default;
};

// What an owner may set on a queue.
struct QueueSettings {
  bool paused = false;
  std::string pause_reason;
  std::optional<int> concurrency_limit;  // running at once; 1..100,000
  std::optional<Target> default_target;
  std::optional<RetryPolicy> retry;
  std::optional<Millis> timeout;
  Millis aging = kAgingDefault;  // 1 s .. 24 h a level
  bool operator==(const QueueSettings&) const = default;
};

struct Queue {
  QueueNo no;
  TenantId tenant;
  std::string name;
  Timestamp created_at;
  QueueSettings settings;
};

}  // namespace belfry::domain

template <>
struct std::hash<belfry::domain::QueueNo> {
  std::size_t operator()(const belfry::domain::QueueNo& no) const noexcept {
    return std::hash<std::int64_t>{}(no.value);
  }
};
