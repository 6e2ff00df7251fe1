#include "store/sqlite/numbers.hpp"

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

std::optional<std::int64_t> Numbers::tenant_no(TenantId id) {
  if (const auto it = tenant_nos_.find(id); it != tenant_nos_.end()) return it->second;
  const auto bytes = uuid_bytes(id.uuid);
  auto row = db_.statement(sql::numbers::tenant_no);
  row.bind_blob(bytes);
  if (!row.step()) return std::nullopt;
  const auto no = row.integer(0);
  tenant_nos_.emplace(id, no);
  tenant_ids_.emplace(no, id);
  return no;
}

TenantId Numbers::tenant_id(std::int64_t no) {
  if (const auto it = tenant_ids_.find(no); it != tenant_ids_.end()) return it->second;
  auto row = db_.statement(sql::numbers::tenant_id);
  row.bind(no);
  if (!row.step()) throw Damaged("a row names a tenant that is not there");
  const TenantId id{uuid_from(row.blob(0))};
  tenant_nos_.emplace(id, no);
  tenant_ids_.emplace(no, id);
  return id;
}

std::optional<QueueNo> Numbers::queue_no(std::int64_t tenant_no, std::string_view name) {
  const auto key = std::pair(tenant_no, std::string(name));
  if (const auto it = queue_nos_.find(key); it != queue_nos_.end()) return it->second;
  auto row = db_.statement(sql::numbers::queue_no);
  row.bind(tenant_no).bind_text(name);
  if (!row.step()) return std::nullopt;
  const QueueNo no{row.integer(0)};
  queue_nos_.emplace(key, no);
  return no;
}

const QueueFacts* Numbers::find_queue(QueueNo no) {
  if (const auto it = queues_.find(no); it != queues_.end()) return &it->second;
  auto row = db_.statement(sql::numbers::queue);
  row.bind(no.value);
  if (!row.step()) return nullptr;
  QueueFacts facts{no, row.integer(0), {}, std::string(row.text(1))};
  facts.tenant = tenant_id(facts.tenant_no);
  return &queues_.emplace(no, std::move(facts)).first->second;
}

const QueueFacts& Numbers::queue(QueueNo no) {
  const auto* facts = find_queue(no);
  if (facts == nullptr) throw Damaged("a row names a queue that is not there");
  return *facts;
}

void Numbers::forget() {
  tenant_nos_.clear();
  tenant_ids_.clear();
  queue_nos_.clear();
  queues_.clear();
}

}  // namespace belfry::store::sqlite
