#include "store/sqlite/tenant_edits.hpp"

#include <vector>

#include "sql.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/task_edits.hpp"

namespace belfry::store::sqlite {

void TenantEdits::insert(const domain::Tenant& tenant) {
  const auto id = uuid_bytes(tenant.id.uuid);
  auto s = context_.db.statement(sql::tenants::add);
  s.bind_blob(id).bind_text(tenant.name).bind(to_ms(tenant.created_at));
  s.bind(tenant.limits.running_max).bind(tenant.limits.weight).bind(tenant.limits.unfinished_max);
  s.bind(maybe_ms(tenant.suspended_at)).bind_text(tenant.suspend_reason);
  s.bind_blob(tenant.sealed_secret).bind_blob(tenant.sealed_previous_secret);
  s.bind(maybe_ms(tenant.previous_until)).bind(tenant.limits.requests_per_second);
  s.bind(tenant.limits.stored_max).run();
  context_.db.statement(sql::tenants::use_number).bind_blob(id).run();
  context_.db.statement(sql::tenants::count_on).bind(1).run();
  context_.batch->configuration_changed(tenant.id);
}

Result<> TenantEdits::set_limits(TenantId id, const domain::TenantLimits& limits) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::tenants::set_limits);
  s.bind_blob(bytes).bind(limits.running_max).bind(limits.weight).bind(limits.unfinished_max);
  s.bind(limits.requests_per_second).bind(limits.stored_max).run();
  return changed(id);
}

Result<> TenantEdits::set_suspended(TenantId id, std::optional<Timestamp> at, std::string reason) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::tenants::set_suspended);
  s.bind_blob(bytes).bind(maybe_ms(at)).bind_text(reason);
  s.run();
  return changed(id);
}

Result<> TenantEdits::set_secret(TenantId id, std::string sealed, std::string sealed_previous,
                                 std::optional<Timestamp> previous_until) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::tenants::set_secret);
  s.bind_blob(bytes).bind_blob(sealed).bind_blob(sealed_previous).bind(maybe_ms(previous_until));
  s.run();
  return changed(id);
}

Result<> TenantEdits::start_removal(TenantId id, Timestamp now) {
  const auto bytes = uuid_bytes(id.uuid);
  context_.db.statement(sql::tenants::start_removal).bind_blob(bytes).bind(to_ms(now)).run();
  return changed(id);
}

int TenantEdits::remove_deliveries(std::int64_t tenant_no, int limit) {
  std::vector<std::int64_t> gone;
  {
    auto s = context_.db.statement(sql::tenants::some_deliveries);
    s.bind(tenant_no).bind(limit);
    while (s.step()) gone.push_back(s.integer(0));
  }
  for (const auto no : gone) {
    context_.db.statement(sql::deliveries::remove_attempts).bind(no).run();
    context_.db.statement(sql::deliveries::remove).bind(no).run();
  }
  return static_cast<int>(gone.size());
}

int TenantEdits::remove_history(std::int64_t tenant_no, int limit) {
  context_.db.statement(sql::tenants::remove_some_keys).bind(tenant_no).bind(limit).run();
  auto removed = static_cast<int>(context_.db.changes());
  for (const auto step : {0, 1}) {
    if (removed >= limit) break;
    auto s = context_.db.statement(sql::tenants::remove_some_series);
    s.bind(step).bind(tenant_no).bind(limit - removed).run();
    removed += static_cast<int>(context_.db.changes());
  }
  return removed + remove_destinations(tenant_no, limit - removed);
}

// Their states go first, with the same ones.
int TenantEdits::remove_destinations(std::int64_t tenant_no, int limit) {
  if (limit <= 0) return 0;
  for (const auto sql :
       {sql::tenants::remove_some_destination_states, sql::tenants::remove_some_destinations}) {
    context_.db.statement(sql).bind(tenant_no).bind(limit).run();
  }
  return static_cast<int>(context_.db.changes());
}

void TenantEdits::remove_the_rest(TenantId id, std::int64_t tenant_no) {
  for (const auto sql :
       {sql::tenants::remove_endpoints, sql::tenants::remove_queues, sql::tenants::remove_api_keys,
        sql::tenants::remove_totals, sql::stored::remove, sql::tenants::remove}) {
    context_.db.statement(sql).bind(tenant_no).run();
  }
  context_.db.statement(sql::tenants::count_on).bind(-1).run();
  context_.numbers.forget();
  context_.batch->configuration_changed(id);
}

// The tenant's own row goes in a call that removes nothing else of size, and after those that
// changed totals: they are written at the end of their transaction.
bool TenantEdits::remove_some(TenantId id, int limit) {
  const auto tenant_no = context_.numbers.tenant_no(id);
  if (!tenant_no) return true;
  int removed = TaskEdits(context_).remove_of_tenant(*tenant_no, limit);
  if (removed < limit) removed += remove_deliveries(*tenant_no, limit - removed);
  if (removed < limit) removed += remove_history(*tenant_no, limit - removed);
  if (removed > 0) return false;
  remove_the_rest(id, *tenant_no);
  return true;
}

Result<> TenantEdits::changed(TenantId id) {
  if (context_.db.changes() == 0) return fail(ErrorCode::not_found, "no such tenant");
  context_.batch->configuration_changed(id);
  return {};
}

}  // namespace belfry::store::sqlite
