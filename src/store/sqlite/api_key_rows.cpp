#include "store/sqlite/api_key_rows.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

namespace {

ApiKeyRow key_from(const Statement& s) {
  ApiKeyRow key;
  key.id = id_at<ApiKeyId>(s, 0);
  key.tenant = id_at<TenantId>(s, 1);
  key.name = string_at(s, 2);
  key.prefix = string_at(s, 3);
  key.hash = bytes_at(s, 4);
  key.scopes = static_cast<std::uint32_t>(s.integer(5));
  key.created_at = time_at(s, 6);
  key.expires_at = maybe_time_at(s, 7);
  key.revoked_at = maybe_time_at(s, 8);
  key.last_used_at = maybe_time_at(s, 9);
  return key;
}

}  // namespace

std::optional<ApiKeyRow> ApiKeyRows::find_by_hash_all_tenants(const std::string& hash) {
  auto s = context_.db.statement(sql::api_keys::by_hash);
  s.bind_blob(hash);
  return s.step() ? std::optional(key_from(s)) : std::nullopt;
}

std::vector<ApiKeyRow> ApiKeyRows::list(TenantId tenant) {
  std::vector<ApiKeyRow> keys;
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return keys;
  auto s = context_.db.statement(sql::api_keys::of_tenant);
  s.bind(*no);
  while (s.step()) keys.push_back(key_from(s));
  return keys;
}

std::vector<std::pair<std::string, Timestamp>> ApiKeyRows::revoked_tokens_all_tenants() {
  std::vector<std::pair<std::string, Timestamp>> tokens;
  auto s = context_.db.statement(sql::api_keys::revoked_tokens);
  s.bind(to_ms(context_.clock.now()));
  while (s.step()) tokens.emplace_back(string_at(s, 0), time_at(s, 1));
  return tokens;
}

std::vector<std::pair<ApiKeyId, Timestamp>> ApiKeyRows::revoked_keys_all_tenants(Timestamp since) {
  std::vector<std::pair<ApiKeyId, Timestamp>> keys;
  auto s = context_.db.statement(sql::api_keys::revoked_since);
  s.bind(to_ms(since));
  while (s.step()) keys.emplace_back(id_at<ApiKeyId>(s, 0), time_at(s, 1));
  return keys;
}

}  // namespace belfry::store::sqlite
