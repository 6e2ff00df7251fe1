#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/gateway.hpp"

namespace belfry::store {

// Tenants, queues and endpoints as the last commit left them, in memory for whoever needs them at
// every request. Immutable values behind shared pointers; refreshed from the gateway's commits
// (before the one who changed something is answered). Thread-safe.
class Directory {
 public:
  Directory() = default;
  // Reads everything; then again after each commit that changed configuration.
  void reload(Snapshot& snapshot);

  std::shared_ptr<const domain::Tenant> tenant(TenantId id) const;  // null: unknown
  std::vector<std::shared_ptr<const domain::Tenant>> tenants() const;
  std::shared_ptr<const domain::Queue> queue(TenantId tenant, std::string_view name) const;
  std::shared_ptr<const domain::Queue> queue(domain::QueueNo no) const;
  std::shared_ptr<const EndpointRow> endpoint(EndpointId id) const;
  // Does any enabled endpoint of the tenant want this type?
  bool wants(TenantId tenant, domain::EventType type) const;

 private:
  struct Tables;
  std::shared_ptr<const Tables> tables() const;
  mutable std::mutex mutex_;
  std::shared_ptr<const Tables> tables_;
};

}  // namespace belfry::store
