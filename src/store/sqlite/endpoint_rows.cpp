#include "store/sqlite/endpoint_rows.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

namespace {

EndpointRow endpoint_from(const Statement& s) {
  EndpointRow endpoint;
  endpoint.id = id_at<EndpointId>(s, 0);
  endpoint.tenant = id_at<TenantId>(s, 1);
  endpoint.url = string_at(s, 2);
  endpoint.description = string_at(s, 3);
  endpoint.events = static_cast<std::uint32_t>(s.integer(4));
  endpoint.enabled = s.integer(5) != 0;
  endpoint.disabled_reason = string_at(s, 6);
  endpoint.failing_since = maybe_time_at(s, 7);
  endpoint.sealed_secret = bytes_at(s, 8);
  endpoint.sealed_previous_secret = bytes_at(s, 9);
  endpoint.previous_until = maybe_time_at(s, 10);
  endpoint.created_at = time_at(s, 11);
  endpoint.last_failed_at = maybe_time_at(s, 12);
  return endpoint;
}

}  // namespace

std::optional<EndpointRow> EndpointRows::find(TenantId tenant, EndpointId id) {
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return std::nullopt;
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::endpoints::find);
  s.bind_blob(bytes).bind(*no);
  return s.step() ? std::optional(endpoint_from(s)) : std::nullopt;
}

std::vector<EndpointRow> EndpointRows::list(TenantId tenant) {
  std::vector<EndpointRow> endpoints;
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return endpoints;
  auto s = context_.db.statement(sql::endpoints::of_tenant);
  s.bind(*no);
  while (s.step()) endpoints.push_back(endpoint_from(s));
  return endpoints;
}

}  // namespace belfry::store::sqlite
