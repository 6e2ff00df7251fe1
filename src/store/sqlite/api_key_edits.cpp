#include "store/sqlite/api_key_edits.hpp"

#include "domain/limits.hpp"
#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

Result<> ApiKeyEdits::insert(const ApiKeyRow& key) {
  const auto tenant_no = context_.numbers.tenant_no(key.tenant);
  if (!tenant_no) return fail(ErrorCode::not_found, "no such tenant");
  auto live = context_.db.statement(sql::api_keys::live_of_tenant);
  live.bind(*tenant_no).bind(to_ms(key.created_at));
  if (live.step() && live.integer(0) >= domain::kApiKeysMax) {
    return fail(ErrorCode::quota_exceeded, "the tenant has as many live API keys as it may have");
  }
  const auto id = uuid_bytes(key.id.uuid);
  auto s = context_.db.statement(sql::api_keys::add);
  s.bind_blob(id).bind(*tenant_no).bind_text(key.name).bind_text(key.prefix).bind_blob(key.hash);
  s.bind(static_cast<std::int64_t>(key.scopes)).bind(to_ms(key.created_at));
  s.bind(maybe_ms(key.expires_at)).bind(maybe_ms(key.revoked_at)).bind(maybe_ms(key.last_used_at));
  s.run();
  return {};
}

Result<> ApiKeyEdits::revoke(TenantId tenant, ApiKeyId id, Timestamp now) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  const auto bytes = uuid_bytes(id.uuid);
  auto owned = context_.db.statement(sql::api_keys::owned);
  owned.bind_blob(bytes).bind(tenant_no);
  if (!tenant_no || !owned.step()) return fail(ErrorCode::not_found, "no such API key");
  auto s = context_.db.statement(sql::api_keys::revoke);
  s.bind_blob(bytes).bind(to_ms(now));
  s.run();
  return {};
}

void ApiKeyEdits::touch(ApiKeyId id, Timestamp used_at) {
  const auto bytes = uuid_bytes(id.uuid);
  const auto minute = std::chrono::floor<std::chrono::minutes>(used_at);
  auto s = context_.db.statement(sql::api_keys::touch);
  s.bind_blob(bytes).bind(to_ms(minute));
  s.run();
}

// Tokens that have expired by themselves need no row: they leave with the next one that comes.
void ApiKeyEdits::revoke_token(const std::string& jti, Timestamp expires) {
  auto forget = context_.db.statement(sql::api_keys::forget_expired_tokens);
  forget.bind(to_ms(context_.clock.now()));
  forget.run();
  auto s = context_.db.statement(sql::api_keys::revoke_token);
  s.bind_text(jti).bind(to_ms(expires));
  s.run();
}

int ApiKeyEdits::prune_all_tenants(Timestamp before, int limit) {
  context_.db.statement(sql::api_keys::prune).bind(to_ms(before)).bind(limit).run();
  return static_cast<int>(context_.db.changes());
}

}  // namespace belfry::store::sqlite
