#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class TenantRows final : public TenantReads {
 public:
  explicit TenantRows(Context context) : context_(context) {}
  std::optional<domain::Tenant> find(TenantId id) override;
  std::vector<domain::Tenant> list_all_tenants() override;

 private:
  Context context_;
};

}  // namespace belfry::store::sqlite
