#include "dispatch/held_bytes.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace belfry::dispatch {

void HeldBytes::add(TenantId tenant, std::size_t bytes) {
  total_ += bytes;
  if (bytes > 0) tenants_[tenant] += bytes;
}

void HeldBytes::remove(TenantId tenant, std::size_t bytes) {
  if (bytes == 0) return;
  const auto found = tenants_.find(tenant);
  CHECK(found != tenants_.end() && found->second >= bytes);
  total_ -= bytes;
  found->second -= bytes;
  if (found->second == 0) tenants_.erase(found);
}

bool HeldBytes::at_limit(TenantId tenant) const {
  return of(tenant) >= tenant_max_;
}

std::size_t HeldBytes::room(TenantId tenant) const {
  if (full() || at_limit(tenant)) return 0;
  return std::min(total_max_ - total_, tenant_max_ - of(tenant));
}

std::size_t HeldBytes::of(TenantId tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? 0 : found->second;
}

}  // namespace belfry::dispatch
