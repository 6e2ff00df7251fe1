#include "store/sqlite/tenant_rows.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

namespace {

domain::Tenant tenant_from(const Statement& s) {
  domain::Tenant tenant;
  tenant.id = id_at<TenantId>(s, 0);
  tenant.name = string_at(s, 1);
  tenant.created_at = time_at(s, 2);
  tenant.limits = {
      .running_max = int_at(s, 3), .weight = int_at(s, 4), .unfinished_max = s.integer(5)};
  tenant.suspended_at = maybe_time_at(s, 6);
  tenant.suspend_reason = string_at(s, 7);
  tenant.sealed_secret = bytes_at(s, 8);
  tenant.sealed_previous_secret = bytes_at(s, 9);
  tenant.previous_until = maybe_time_at(s, 10);
  return tenant;
}

}  // namespace

std::optional<domain::Tenant> TenantRows::find(TenantId id) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::tenants::find);
  s.bind_blob(bytes);
  return s.step() ? std::optional(tenant_from(s)) : std::nullopt;
}

std::vector<domain::Tenant> TenantRows::list_all_tenants() {
  std::vector<domain::Tenant> tenants;
  auto s = context_.db.statement(sql::tenants::every);
  while (s.step()) tenants.push_back(tenant_from(s));
  return tenants;
}

}  // namespace belfry::store::sqlite
