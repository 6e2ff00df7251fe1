#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <vector>

#include "store/gateway.hpp"

namespace belfry::store {

// Tenants, queues and endpoints as the last commit left them, in memory for whoever needs them at
// every request. A tenant is read from the store, with all that it has, when it is first asked for;
// of those that nobody asked for lately only as many stay as fit, so that neither the start nor the
// memory grows with idle tenants. Immutable values behind shared pointers; what is held is
// refreshed from the gateway's commits, before the one who changed something is answered.
// Thread-safe; a look-up of what is held waits for nothing but the moment in which others are put
// in place.
class Directory {
 public:
  // Tenants, queues and endpoints held at once; about 1 KB each.
  static constexpr std::size_t kHeldMax = 50'000;

  explicit Directory(std::size_t held_max = kHeldMax);
  ~Directory();

  // From then on it reads with a reader of its own. Before the gateway's first command; the
  // directory must outlive the gateway.
  void attach(Gateway& gateway, Backend& backend);

  // Null: unknown, or (which is logged) the store could not be read.
  std::shared_ptr<const domain::Tenant> tenant(TenantId id) const;
  // The same, but a store that cannot be read is `storage_unavailable`.
  Result<std::shared_ptr<const domain::Tenant>> find_tenant(TenantId id) const;
  std::shared_ptr<const domain::Queue> queue(TenantId tenant, std::string_view name) const;
  std::shared_ptr<const domain::Queue> queue(domain::QueueNo no) const;
  std::shared_ptr<const EndpointRow> endpoint(EndpointId id) const;
  // Does any enabled endpoint of the tenant want this type?
  bool wants(TenantId tenant, domain::EventType type) const;

  std::size_t held() const;  // tenants, queues and endpoints

 private:
  struct Tables;
  using WhoseIs = std::function<std::optional<TenantId>(Snapshot&)>;

  template <class Get>
  auto of_tenant(TenantId id, Get get) const;
  // Reads the tenant if it is not held; false if the store cannot be read.
  bool load(const WhoseIs& whose) const;
  bool try_read(const std::function<void(Snapshot&)>& fn) const;
  void refresh(const Committed& committed);

  mutable std::shared_mutex mutex_;  // of the tables
  std::unique_ptr<Tables> tables_;
  // Held from before something is read until it is in place: a commit that comes in between finds
  // it there, and refreshes it.
  mutable std::mutex load_mutex_;
  std::shared_ptr<Reader> reader_;
  mutable std::atomic<bool> broken_{false};
};

}  // namespace belfry::store
