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
  Result<> start_removal(TenantId id, Timestamp now) override;
  bool remove_some(TenantId id, int limit) override;

 private:
  // Each removes up to `limit` rows, and says how many.
  int remove_deliveries(std::int64_t tenant_no, int limit);
  int remove_destinations(std::int64_t tenant_no, int limit);
  int remove_history(std::int64_t tenant_no, int limit);
  void remove_the_rest(TenantId id, std::int64_t tenant_no);
  Result<> changed(TenantId id);  // after an update: was there such a tenant?

  Context context_;
};

}  // namespace belfry::store::sqlite
