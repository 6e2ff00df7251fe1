#include "store/sqlite/endpoint_edits.hpp"

#include "domain/limits.hpp"
#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

Result<> EndpointEdits::insert(const EndpointRow& endpoint) {
  const auto tenant_no = context_.numbers.tenant_no(endpoint.tenant);
  if (!tenant_no) return fail(ErrorCode::not_found, "no such tenant");
  auto number = context_.db.statement(sql::endpoints::number_of);
  number.bind(*tenant_no);
  if (number.step() && number.integer(0) >= domain::kEndpointsMax) {
    return fail(ErrorCode::quota_exceeded, "the tenant has as many endpoints as it may have");
  }
  const auto id = uuid_bytes(endpoint.id.uuid);
  auto s = context_.db.statement(sql::endpoints::add);
  s.bind_blob(id).bind(*tenant_no).bind_text(endpoint.url).bind_text(endpoint.description);
  s.bind(static_cast<std::int64_t>(endpoint.events)).bind(endpoint.enabled ? 1 : 0);
  s.bind_text(endpoint.disabled_reason).bind(maybe_ms(endpoint.failing_since));
  s.bind_blob(endpoint.sealed_secret).bind_blob(endpoint.sealed_previous_secret);
  s.bind(maybe_ms(endpoint.previous_until)).bind(to_ms(endpoint.created_at));
  s.run();
  context_.batch->configuration_changed(endpoint.tenant);
  return {};
}

Result<EndpointEdits::Found> EndpointEdits::find(TenantId tenant, EndpointId id) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::endpoints::no_of);
  s.bind_blob(bytes).bind(tenant_no);
  if (!tenant_no || !s.step()) return fail(ErrorCode::not_found, "no such endpoint");
  return Found{.no = s.integer(0), .tenant_no = *tenant_no, .enabled = s.integer(1) != 0};
}

Result<> EndpointEdits::update(const EndpointRow& endpoint) {
  const auto found = find(endpoint.tenant, endpoint.id);
  if (!found) return fail(found.error());
  auto s = context_.db.statement(sql::endpoints::change);
  s.bind(found->no).bind_text(endpoint.url).bind_text(endpoint.description);
  s.bind(static_cast<std::int64_t>(endpoint.events)).bind(endpoint.enabled ? 1 : 0);
  s.bind_text(endpoint.disabled_reason).bind(maybe_ms(endpoint.failing_since));
  s.bind_blob(endpoint.sealed_secret).bind_blob(endpoint.sealed_previous_secret);
  s.bind(maybe_ms(endpoint.previous_until)).bind(maybe_ms(endpoint.last_failed_at));
  s.run();
  if (found->enabled && !endpoint.enabled) give_up_deliveries(*found);
  context_.batch->configuration_changed(endpoint.tenant);
  return {};
}

Result<> EndpointEdits::remove(TenantId tenant, EndpointId id) {
  const auto found = find(tenant, id);
  if (!found) return fail(found.error());
  give_up_deliveries(*found);
  auto s = context_.db.statement(sql::endpoints::remove);
  s.bind(found->no).bind(to_ms(context_.clock.now()));
  s.run();
  context_.batch->configuration_changed(tenant);
  return {};
}

int EndpointEdits::forget_removed_all_tenants() {
  context_.db.statement(sql::endpoints::forget_removed).run();
  return static_cast<int>(context_.db.changes());
}

void EndpointEdits::give_up_deliveries(const Found& endpoint) {
  auto s = context_.db.statement(sql::endpoints::give_up_deliveries);
  s.bind(endpoint.tenant_no).bind(endpoint.no).bind(to_ms(context_.clock.now()));
  s.run();
}

}  // namespace belfry::store::sqlite
