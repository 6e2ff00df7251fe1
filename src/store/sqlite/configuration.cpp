#include "store/sqlite/configuration.hpp"

#include "base/check.hpp"
#include "sql.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

const TenantRules* Configuration::tenant(TenantId id) {
  if (const auto it = tenants_.find(id); it != tenants_.end()) return &it->second;
  const auto bytes = uuid_bytes(id.uuid);
  TenantRules rules;
  {
    auto row = db_.statement(sql::hot::tenant);
    row.bind_blob(bytes);
    if (!row.step()) return nullptr;
    rules = {row.integer(0),      id,
             row.integer(1),      row.integer(2),
             row.integer(5),      row.integer(3) != 0,
             row.integer(4) != 0, {}};
  }
  auto endpoint = db_.statement(sql::hot::tenant_endpoints);
  endpoint.bind(rules.no);
  while (endpoint.step()) {
    rules.endpoints.emplace_back(endpoint.integer(0),
                                 static_cast<std::uint32_t>(endpoint.integer(1)));
  }
  return &tenants_.emplace(id, std::move(rules)).first->second;
}

void Configuration::mark_used(TenantId id, Timestamp now) {
  auto& rules = tenants_.at(id);
  db_.statement(sql::hot::mark_used).bind(rules.no).bind(to_ms(now)).run();
  rules.used = true;
}

const QueueRules* Configuration::queue(domain::QueueNo no) {
  if (const auto it = queues_.find(no); it != queues_.end()) return &it->second;
  auto row = db_.statement(sql::hot::queue);
  row.bind(no.value);
  if (!row.step()) return nullptr;
  QueueRules rules{no,
                   row.integer(0),
                   TenantId{uuid_from(row.blob(1))},
                   std::string(row.text(2)),
                   row.integer(3) != 0,
                   row.maybe_integer(4),
                   Millis{row.integer(5)}};
  return &queues_.emplace(no, std::move(rules)).first->second;
}

const QueueRules* Configuration::queue(std::int64_t tenant_no, const std::string& name) {
  const auto key = std::pair(tenant_no, name);
  if (const auto it = names_.find(key); it != names_.end()) return queue(it->second);
  domain::QueueNo no;
  {
    auto row = db_.statement(sql::hot::queue_by_name);
    row.bind(tenant_no).bind_text(name);
    if (!row.step()) return nullptr;
    no.value = row.integer(0);
  }
  names_.emplace(key, no);
  return queue(no);
}

std::int64_t Configuration::count_queues(std::int64_t tenant_no) {
  auto row = db_.statement(sql::hot::count_queues);
  row.bind(tenant_no);
  CHECK(row.step());
  return row.integer(0);
}

const QueueRules& Configuration::add_queue(std::int64_t tenant_no, const std::string& name,
                                           Timestamp now) {
  auto row = db_.statement(sql::hot::add_queue);
  row.bind(tenant_no).bind_text(name).bind(to_ms(now)).bind(domain::kAgingDefault.count()).run();
  const auto* added = queue(tenant_no, name);
  CHECK(added != nullptr);
  return *added;
}

void Configuration::forget() {
  tenants_.clear();
  queues_.clear();
  names_.clear();
}

}  // namespace belfry::store::sqlite
