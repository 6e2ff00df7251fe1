#include "store/sqlite/destination_rows.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/task_rows.hpp"

namespace belfry::store::sqlite {

namespace {

// Rows among which the oldest is looked for.
constexpr int kOldestRowsMax = 64;

}  // namespace

std::optional<std::int64_t> destination_no(Context context, const DestinationName& name) {
  const auto tenant_no = context.numbers.tenant_no(name.tenant);
  if (!tenant_no) return std::nullopt;
  auto s = context.db.statement(sql::destinations::no_of);
  s.bind(*tenant_no).bind_text(name.origin).bind_text(name.handler);
  return s.step() ? std::optional(s.integer(0)) : std::nullopt;
}

std::optional<DestinationName> destination_name(Context context, std::int64_t no) {
  auto s = context.db.statement(sql::destinations::name_of);
  s.bind(no);
  if (!s.step()) return std::nullopt;
  return DestinationName{id_at<TenantId>(s, 0), string_at(s, 1), string_at(s, 2)};
}

std::vector<DestinationRow> DestinationRows::states(TenantId tenant) {
  std::vector<DestinationRow> rows;
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return rows;
  auto s = context_.db.statement(sql::destinations::states);
  s.bind(*no);
  while (s.step()) {
    rows.push_back({.name = {tenant, string_at(s, 0), string_at(s, 1)},
                    .node = string_at(s, 2),
                    .state = static_cast<DestinationState>(s.integer(3)),
                    .since = time_at(s, 4),
                    .error = string_at(s, 5),
                    .next_call = maybe_time_at(s, 6)});
  }
  return rows;
}

std::vector<DestinationRow> DestinationRows::states_with_counts(TenantId tenant) {
  auto rows = states(tenant);
  const auto no = context_.numbers.tenant_no(tenant);
  for (auto& row : rows) {
    const bool whole_origin = row.state == DestinationState::open && row.name.handler.empty();
    auto s = context_.db.statement(whole_origin ? sql::destinations::parked_at_origin
                                                : sql::destinations::parked_at_handler);
    s.bind(no).bind_text(row.name.origin).bind(kParkedCountMax);
    if (!whole_origin) s.bind_text(row.name.handler);
    if (s.step()) row.parked = s.integer(0);
  }
  return rows;
}

std::optional<ParkedRow> DestinationRows::parked(std::int64_t no, std::int64_t tasks) {
  const auto name = destination_name(context_, no);
  if (!name) return std::nullopt;
  ParkedRow row;
  row.name = *name;
  row.tasks = tasks;
  auto best = context_.db.statement(sql::destinations::best_parked);
  best.bind(no);
  if (best.step()) {
    row.best_rank = best.integer(0);
    row.best = task_id(best.integer(1), best.integer(2));
  }
  auto oldest = context_.db.statement(sql::destinations::oldest_parked);
  oldest.bind(no).bind(kOldestRowsMax);
  if (oldest.step() && !oldest.is_null(0)) row.oldest_ready_at = time_at(oldest, 0);
  return row;
}

std::vector<ParkedRow> DestinationRows::parked_all_tenants() {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  {
    auto s = context_.db.statement(sql::destinations::parked);
    s.bind(kParkedCountMax);
    while (s.step()) found.emplace_back(s.integer(0), s.integer(1));
  }
  std::vector<ParkedRow> rows;
  rows.reserve(found.size());
  for (const auto& [no, tasks] : found) {
    if (const auto row = parked(no, tasks)) rows.push_back(*row);
  }
  return rows;
}

std::vector<TaskRow> DestinationRows::impatient(const DestinationName& name, const Outage& outage,
                                                int limit) {
  const auto no = destination_no(context_, name);
  if (!no) return {};
  auto s = context_.db.statement(sql::destinations::impatient);
  s.bind(*no).bind(to_ms(outage.open_since)).bind(to_ms(outage.now)).bind(limit);
  s.bind(to_ms(outage.failed_probe));
  return TaskRows(context_).summaries(std::move(s));
}

}  // namespace belfry::store::sqlite
