#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class MetricRows final : public MetricReads {
 public:
  explicit MetricRows(Context context) : context_(context) {}

  StatusCounts counts(TenantId tenant) override;
  StatusCounts counts_all_tenants() override;
  std::int64_t stored_bytes(TenantId tenant) override;
  std::vector<std::pair<TenantId, StatusCounts>> counts_of_busiest_tenants(int limit) override;
  std::vector<SeriesPoint> series(TenantId tenant, Timestamp from, Timestamp to,
                                  bool hourly) override;
  std::vector<SeriesPoint> series_all_tenants(Timestamp from, Timestamp to, bool hourly) override;

 private:
  void add_series(std::vector<SeriesPoint>& points, std::int64_t tenant_no, Timestamp from,
                  Timestamp to, bool hourly);

  Context context_;
};

}  // namespace belfry::store::sqlite
