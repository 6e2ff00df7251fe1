#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <vector>

#include "store/gateway.hpp"

namespace belfry::store {

// Tenants, queues and endpoints as the last commit left them, in memory for whoever needs them at
// every request. Immutable values behind shared pointers; refreshed from the gateway's commits
// (before the one who changed something is answered). Thread-safe; look-ups do not wait for a
// reload, only for the moment in which its outcome is put in place.
class Directory {
 public:
  Directory();
  ~Directory();

  // Reads everything with a reader of its own, and from then on what each commit changed, before
  // that commit is answered. Before the gateway's first command; the directory must outlive it.
  void attach(Gateway& gateway, Backend& backend);
  // Reads everything.
  void reload(Snapshot& snapshot);
  // Reads what belongs to these tenants.
  void reload(Snapshot& snapshot, std::span<const TenantId> tenants);

  std::shared_ptr<const domain::Tenant> tenant(TenantId id) const;     // null: unknown
  std::vector<std::shared_ptr<const domain::Tenant>> tenants() const;  // by creation
  std::shared_ptr<const domain::Queue> queue(TenantId tenant, std::string_view name) const;
  std::shared_ptr<const domain::Queue> queue(domain::QueueNo no) const;
  std::shared_ptr<const EndpointRow> endpoint(EndpointId id) const;
  // Does any enabled endpoint of the tenant want this type?
  bool wants(TenantId tenant, domain::EventType type) const;

 private:
  struct Tables;
  mutable std::shared_mutex mutex_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace belfry::store
