#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/id.hpp"
#include "domain/queue.hpp"
#include "store/sqlite/database.hpp"

namespace belfry::store::sqlite {

using domain::QueueNo;

struct QueueFacts {
  QueueNo no;
  std::int64_t tenant_no = 0;
  TenantId tenant;
  std::string name;
};

// The short numbers that rows carry instead of ids and names. Only what never changes is
// remembered (what is absent is asked again), so it stays right on readers too; the writer forgets
// it when a transaction rolls back. One a connection.
class Numbers {
 public:
  explicit Numbers(Database& db) : db_(db) {}

  std::optional<std::int64_t> tenant_no(TenantId id);
  TenantId tenant_id(std::int64_t no);  // of a row that names it; Damaged if there is none
  std::optional<QueueNo> queue_no(std::int64_t tenant_no, std::string_view name);
  const QueueFacts& queue(QueueNo no);  // as tenant_id; the reference holds until forget()
  const QueueFacts* find_queue(QueueNo no);
  void forget();

 private:
  Database& db_;
  std::unordered_map<TenantId, std::int64_t> tenant_nos_;
  std::unordered_map<std::int64_t, TenantId> tenant_ids_;
  std::map<std::pair<std::int64_t, std::string>, QueueNo, std::less<>> queue_nos_;
  std::unordered_map<QueueNo, QueueFacts> queues_;
};

}  // namespace belfry::store::sqlite
