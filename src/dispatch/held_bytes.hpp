#pragma once

#include <cstddef>
#include <unordered_map>

#include "base/id.hpp"

namespace belfry::dispatch {

// What the attempts in flight weigh, in all and by tenant: slots bound their number, this bounds
// the memory that their payloads take. A tenant has a share of its own, so that one whose targets
// hang with large payloads leaves room for others. Single-threaded.
class HeldBytes {
 public:
  HeldBytes(std::size_t total_max, std::size_t tenant_max)
      : total_max_(total_max), tenant_max_(tenant_max) {}

  void add(TenantId tenant, std::size_t bytes);
  void remove(TenantId tenant, std::size_t bytes);  // as many as were added

  bool full() const { return total_ >= total_max_; }
  bool at_limit(TenantId tenant) const;
  // How much more may be taken for the tenant; 0 at either limit.
  std::size_t room(TenantId tenant) const;

 private:
  std::size_t of(TenantId tenant) const;

  std::size_t total_max_, tenant_max_;
  std::size_t total_ = 0;
  std::unordered_map<TenantId, std::size_t> tenants_;
};

}  // namespace belfry::dispatch
