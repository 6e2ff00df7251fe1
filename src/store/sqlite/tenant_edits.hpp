#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class TenantEdits final : public TenantWrites {
 public:
  explicit TenantEdits(Context context) : context_(context) {}
  void insert(const domain::Tenant& tenant) override;
  Result<> set_limits(TenantId id, const domain::TenantLimits& limits) override;
  Result<> set_suspended(TenantId id, std::optional<Timestamp> at, std::string reason) override;
  Result<> set_secret(TenantId id, std::string sealed, std::string sealed_previous,
                      std::optional<Timestamp> previous_until) override;

 private:
  Result<> changed(TenantId id);  // after an update: was there such a tenant?

  Context context_;
};

}  // namespace belfry::store::sqlite
