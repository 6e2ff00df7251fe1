#include "store/sqlite/metric_rows.hpp"

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/series.hpp"
#include "store/sqlite/totals.hpp"

namespace belfry::store::sqlite {
namespace {}  // namespace

StatusCounts MetricRows::counts(TenantId tenant) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  return tenant_no ? tenant_totals(context_, *tenant_no) : StatusCounts{};
}

std::int64_t MetricRows::stored_bytes(TenantId tenant) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  if (!tenant_no) return 0;
  if (context_.batch != nullptr) return context_.batch->stored_of_tenant(*tenant_no);
  auto s = context_.db.statement(sql::stored::of_tenant);
  s.bind(*tenant_no);
  return s.step() ? s.integer(0) : 0;
}

StatusCounts MetricRows::counts_all_tenants() {
  return all_totals(context_);
}

std::vector<std::pair<TenantId, StatusCounts>> MetricRows::counts_of_busiest_tenants(int limit) {
  std::vector<std::pair<TenantId, StatusCounts>> all;
  auto s = context_.db.statement(sql::metrics::counts_by_tenant);
  s.bind(limit);
  while (s.step()) {
    const auto id = id_at<TenantId>(s, 0);
    if (all.empty() || all.back().first != id) all.emplace_back(id, StatusCounts{});
    all.back().second[static_cast<domain::Status>(s.integer(1))] = s.integer(2);
  }
  return all;
}

void MetricRows::add_series(std::vector<SeriesPoint>& points, std::int64_t tenant_no,
                            Timestamp from, Timestamp to, bool hourly) {
  auto s = context_.db.statement(sql::metrics::series);
  s.bind(hourly ? 1 : 0).bind(tenant_no).bind(to_ms(from)).bind(to_ms(to));
  while (s.step()) {
    SeriesPoint point;
    point.at = time_at(s, 0);
    point.queue_name = string_at(s, 1);
    point.task_name = string_at(s, 2);
    const auto wait = domain::LatencyHistogram::decode(s.blob(4));
    const auto run = domain::LatencyHistogram::decode(s.blob(5));
    if (!decode_counts(s.blob(3), point) || !wait || !run) {
      context_.report_damage({"series", to_ms(point.at)}, "its numbers cannot be read");
      continue;
    }
    point.wait = *wait;
    point.run = *run;
    points.push_back(std::move(point));
  }
}

std::vector<SeriesPoint> MetricRows::series(TenantId tenant, Timestamp from, Timestamp to,
                                            bool hourly) {
  std::vector<SeriesPoint> points;
  if (const auto tenant_no = context_.numbers.tenant_no(tenant)) {
    add_series(points, *tenant_no, from, to, hourly);
  }
  return points;
}

std::vector<SeriesPoint> MetricRows::series_all_tenants(Timestamp from, Timestamp to, bool hourly) {
  std::vector<std::int64_t> tenants;
  {
    auto s = context_.db.statement(sql::metrics::tenants_in_series);
    s.bind(hourly ? 1 : 0);
    while (s.step()) tenants.push_back(s.integer(0));
  }
  std::vector<SeriesPoint> points;
  for (const auto tenant_no : tenants) add_series(points, tenant_no, from, to, hourly);
  return points;
}

}  // namespace belfry::store::sqlite
