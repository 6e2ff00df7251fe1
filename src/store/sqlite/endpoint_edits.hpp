#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class EndpointEdits final : public EndpointWrites {
 public:
  explicit EndpointEdits(Context context) : context_(context) {}
  Result<> insert(const EndpointRow& endpoint) override;
  Result<> update(const EndpointRow& endpoint) override;
  Result<> remove(TenantId tenant, EndpointId id) override;
  int forget_removed_all_tenants() override;

 private:
  struct Found {
    std::int64_t no = 0;
    std::int64_t tenant_no = 0;
    bool enabled = false;
  };
  Result<Found> find(TenantId tenant, EndpointId id);
  void give_up_deliveries(const Found& endpoint);

  Context context_;
};

}  // namespace belfry::store::sqlite
