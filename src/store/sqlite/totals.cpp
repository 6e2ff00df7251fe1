#include "store/sqlite/totals.hpp"

#include "sql.hpp"

namespace belfry::store::sqlite {

namespace {

StatusCounts counted(Statement s) {
  StatusCounts counts;
  while (s.step()) {
    const auto status = s.integer(0);
    if (status >= 0 && status < domain::kStatusCount) counts.of[status] = s.integer(1);
  }
  return counts;
}

std::int64_t stored(const Context& context, const TotalKey& key) {
  auto s = context.db.statement(sql::metrics::cell);
  s.bind(key.tenant_no).bind(key.queue_no).bind(static_cast<int>(key.status));
  return s.step() ? s.integer(0) : 0;
}

void add_uncommitted(const Context& context, std::optional<std::int64_t> tenant_no,
                     std::optional<std::int64_t> queue_no, StatusCounts& counts) {
  if (context.batch == nullptr) return;
  for (const auto& [key, value] : context.batch->changed_totals()) {
    if (tenant_no && key.tenant_no != *tenant_no) continue;
    if (queue_no && key.queue_no != *queue_no) continue;
    counts[key.status] += value - stored(context, key);
  }
}

}  // namespace

StatusCounts tenant_totals(const Context& context, std::int64_t tenant_no) {
  auto s = context.db.statement(sql::metrics::counts);
  s.bind(tenant_no);
  auto counts = counted(std::move(s));
  add_uncommitted(context, tenant_no, std::nullopt, counts);
  return counts;
}

StatusCounts all_totals(const Context& context) {
  auto counts = counted(context.db.statement(sql::metrics::counts_all_tenants));
  add_uncommitted(context, std::nullopt, std::nullopt, counts);
  return counts;
}

StatusCounts queue_totals(const Context& context, std::int64_t tenant_no, domain::QueueNo queue) {
  auto s = context.db.statement(sql::metrics::counts_of_queue);
  s.bind(tenant_no).bind(queue.value);
  auto counts = counted(std::move(s));
  add_uncommitted(context, tenant_no, queue.value, counts);
  return counts;
}

}  // namespace belfry::store::sqlite
