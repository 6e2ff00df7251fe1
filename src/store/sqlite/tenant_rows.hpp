#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class TenantRows final : public TenantReads {
 public:
  explicit TenantRows(Context context) : context_(context) {}
  std::optional<domain::Tenant> find(TenantId id) override;
  TenantPage page_all_tenants(std::optional<TenantId> after, const std::string& name_part,
                              int limit) override;
  std::int64_t count_all_tenants() override;
  std::vector<TenantId> removing_all_tenants(int limit) override;
  std::vector<TenantId> unused_all_tenants(Timestamp before, int limit) override;
  std::optional<TenantId> of_queue(domain::QueueNo no) override;
  std::optional<TenantId> of_endpoint(EndpointId id) override;

 private:
  Context context_;
};

}  // namespace belfry::store::sqlite
