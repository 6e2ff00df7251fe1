#include "api/long_calls.hpp"

#include <fmt/format.h>

namespace belfry::api {

Result<LongCalls::Place> LongCalls::enter(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  if (open_ >= limits_.total) {
    return fail(ErrorCode::rate_limited,
                fmt::format("{} event streams and long polls are open, as many as the server keeps "
                            "(--streams-max); try again later",
                            limits_.total));
  }
  auto& count = of_tenant_[tenant];
  if (count >= limits_.per_tenant) {
    return fail(ErrorCode::rate_limited,
                fmt::format("this tenant has {} event streams and long polls open, as many as one "
                            "tenant may have (--streams-per-tenant); close some, then try again",
                            limits_.per_tenant));
  }
  ++count;
  ++open_;
  return Place(nullptr, [this, tenant](void*) { leave(tenant); });
}

void LongCalls::leave(TenantId tenant) {
  const std::lock_guard lock(mutex_);
  --open_;
  const auto found = of_tenant_.find(tenant);
  if (--found->second == 0) of_tenant_.erase(found);
}

}  // namespace belfry::api
