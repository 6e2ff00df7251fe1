#include "store/sqlite/tenant_rows.hpp"

#include <algorithm>

#include "domain/limits.hpp"
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
  tenant.removing_since = maybe_time_at(s, 11);
  tenant.limits.requests_per_second = s.maybe_integer(12);
  tenant.limits.stored_max = s.integer(13);
  return tenant;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool contains(std::string_view name, std::string_view part) {
  return part.empty() || !std::ranges::search(name, part, {}, lower, lower).empty();
}

std::vector<TenantId> ids_of(Statement s) {
  std::vector<TenantId> ids;
  while (s.step()) ids.push_back(id_at<TenantId>(s, 0));
  return ids;
}

}  // namespace

std::optional<domain::Tenant> TenantRows::find(TenantId id) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::tenants::find);
  s.bind_blob(bytes);
  return s.step() ? std::optional(tenant_from(s)) : std::nullopt;
}

TenantPage TenantRows::page_all_tenants(std::optional<TenantId> after, const std::string& name_part,
                                        int limit) {
  TenantPage page;
  const auto after_no = after ? context_.numbers.tenant_no(*after) : std::optional<std::int64_t>(0);
  if (!after_no) return page;
  auto s = context_.db.statement(sql::tenants::after);
  s.bind(*after_no);
  std::optional<TenantId> last;
  for (int looked_at = 0; s.step(); ++looked_at) {
    const bool full = page.tenants.size() == static_cast<std::size_t>(limit);
    if (full || looked_at == domain::kScanRowsMax) {
      page.next = last;
      break;
    }
    last = id_at<TenantId>(s, 0);
    if (contains(s.text(1), name_part)) page.tenants.push_back(tenant_from(s));
  }
  return page;
}

std::int64_t TenantRows::count_all_tenants() {
  auto s = context_.db.statement(sql::tenants::count);
  return s.step() ? s.integer(0) : 0;
}

std::vector<TenantId> TenantRows::removing_all_tenants(int limit) {
  auto s = context_.db.statement(sql::tenants::removing);
  s.bind(limit);
  return ids_of(std::move(s));
}

std::vector<TenantId> TenantRows::unused_all_tenants(Timestamp before, int limit) {
  auto s = context_.db.statement(sql::tenants::unused);
  s.bind(to_ms(before)).bind(limit);
  return ids_of(std::move(s));
}

std::optional<TenantId> TenantRows::of_queue(domain::QueueNo no) {
  auto s = context_.db.statement(sql::tenants::of_queue);
  s.bind(no.value);
  return s.step() ? std::optional(id_at<TenantId>(s, 0)) : std::nullopt;
}

std::optional<TenantId> TenantRows::of_endpoint(EndpointId id) {
  const auto bytes = uuid_bytes(id.uuid);
  auto s = context_.db.statement(sql::tenants::of_endpoint);
  s.bind_blob(bytes);
  return s.step() ? std::optional(id_at<TenantId>(s, 0)) : std::nullopt;
}

}  // namespace belfry::store::sqlite
