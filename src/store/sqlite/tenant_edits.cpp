#include "store/sqlite/tenant_edits.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

void TenantEdits::insert(const domain::Tenant& tenant) {
  const auto id = uuid_bytes(tenant.id.uuid);
  auto s = context_.db.statement(sql::tenants::add);
  s.bind_blob(id).bind_text(tenant.name).bind(to_ms(tenant.created_at));
  s.bind(tenant.limits.running_max).bind(tenant.limits.weight).bind(tenant.limits.unfinished_max);
  s.bind(maybe_ms(tenant.suspended_at)).bind_text(tenant.suspend_reason);
  s.bind_blob(tenant.sealed_secret).bind_blob(tenant.sealed_previous_secret);
  s.bind(maybe_ms(tenant.previous_until));
  s.run();
  context_.batch->configuration_changed(tenant.id);
}

Result<> TenantEdits::set_limits(TenantId id, const domain::TenantLimits& limits) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::tenants::set_limits);
  s.bind_blob(bytes).bind(limits.running_max).bind(limits.weight).bind(limits.unfinished_max);
  s.run();
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

Result<> TenantEdits::changed(TenantId id) {
  if (context_.db.changes() == 0) return fail(ErrorCode::not_found, "no such tenant");
  context_.batch->configuration_changed(id);
  return {};
}

}  // namespace belfry::store::sqlite
