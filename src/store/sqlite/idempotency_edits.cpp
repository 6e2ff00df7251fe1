#include "store/sqlite/idempotency_edits.hpp"

#include <utility>
#include <vector>

#include "domain/limits.hpp"
#include "sql.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/stored_bytes.hpp"

namespace belfry::store::sqlite {

std::optional<IdempotentAnswer> IdempotencyEdits::find(TenantId tenant, const std::string& key) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  if (!tenant_no) return std::nullopt;
  const auto oldest = context_.clock.now() - domain::kIdempotencyLife;
  auto s = context_.db.statement(sql::idempotency::find);
  s.bind(*tenant_no).bind_text(key).bind(to_ms(oldest));
  if (!s.step()) return std::nullopt;
  IdempotentAnswer answer{bytes_at(s, 0), int_at(s, 1), string_at(s, 2)};
  if (!s.is_null(3) && !s.is_null(4)) answer.task = task_id(s.integer(3), s.integer(4));
  return answer;
}

void IdempotencyEdits::insert(TenantId tenant, const std::string& key,
                              const IdempotentAnswer& answer, Timestamp now) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  if (!tenant_no) return;
  const auto bytes = stored::key(key, answer.fingerprint, answer.body);
  context_.batch->store_bytes(*tenant_no, bytes - stored_bytes(*tenant_no, key));
  auto s = context_.db.statement(sql::idempotency::add);
  s.bind(*tenant_no).bind_text(key).bind_blob(answer.fingerprint).bind(to_ms(now));
  s.bind(answer.status).bind_text(answer.body).run();
}

std::int64_t IdempotencyEdits::stored_bytes(std::int64_t tenant_no, const std::string& key) {
  auto s = context_.db.statement(sql::stored::of_key);
  s.bind(tenant_no).bind_text(key);
  return s.step() ? s.integer(0) : 0;
}

int IdempotencyEdits::prune_all_tenants(Timestamp before, int limit) {
  std::vector<std::pair<std::int64_t, std::string>> gone;
  {
    auto s = context_.db.statement(sql::idempotency::prune_walk);
    s.bind(to_ms(before)).bind(limit);
    while (s.step()) gone.emplace_back(s.integer(0), string_at(s, 1));
  }
  for (const auto& [tenant_no, key] : gone) {
    context_.batch->store_bytes(tenant_no, -stored_bytes(tenant_no, key));
    context_.db.statement(sql::idempotency::remove).bind(tenant_no).bind_text(key).run();
  }
  return static_cast<int>(gone.size());
}

}  // namespace belfry::store::sqlite
