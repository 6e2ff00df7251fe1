#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class DeliveryRows final : public DeliveryReads {
 public:
  explicit DeliveryRows(Context context) : context_(context) {}
  std::optional<DeliveryRow> find(TenantId tenant, DeliveryId id) override;
  std::vector<DeliveryRow> list(TenantId tenant, const DeliveryFilter& filter,
                                std::optional<DeliveryId> before, int limit) override;
  std::vector<DeliveryAttemptRow> attempts(TenantId tenant, DeliveryId id) override;
  std::vector<DeliveryRow> due_all_tenants(std::optional<Timestamp> now, int limit,
                                           const std::vector<DeliveryId>& in_flight) override;
  std::optional<Timestamp> next_due_all_tenants() override;
  std::optional<Timestamp> put_off_longest_all_tenants() override;
  std::int64_t waiting_all_tenants() override;
  std::vector<DestinationName> set_aside_all_tenants() override;

 private:
  std::optional<std::int64_t> no_of(std::int64_t tenant_no, DeliveryId id);
  std::optional<DeliveryRow> row(std::int64_t no);
  std::vector<std::int64_t> endpoints(std::int64_t tenant_no, const DeliveryFilter& filter);
  std::vector<std::int64_t> of_task(std::int64_t tenant_no, const DeliveryFilter& filter,
                                    std::int64_t before);
  std::vector<std::int64_t> of_endpoint(std::int64_t tenant_no, std::int64_t endpoint,
                                        std::optional<DeliveryState> state, std::int64_t before,
                                        int limit);

  Context context_;
};

}  // namespace belfry::store::sqlite
