#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/queue.hpp"
#include "store/sqlite/database.hpp"

namespace belfry::store::sqlite {

struct TenantRules {
  std::int64_t no = 0;
  TenantId id;
  std::int64_t running_max = 0;
  std::int64_t unfinished_max = 0;
  std::int64_t stored_max = 0;
  bool suspended = false;
  bool used = false;                                              // has submitted a task, ever
  std::vector<std::pair<std::int64_t, std::uint32_t>> endpoints;  // enabled: number, wanted types
};

struct QueueRules {
  domain::QueueNo no;
  std::int64_t tenant_no = 0;
  TenantId tenant;
  std::string name;
  bool paused = false;
  std::optional<std::int64_t> limit;
  Millis aging{0};
};

// Tenants, endpoints and queues as the writer's commands need them, read when first asked for.
// Pointers hold until forget(), which follows every change made by others and every roll-back.
class Configuration {
 public:
  explicit Configuration(Database& db) : db_(db) {}

  const TenantRules* tenant(TenantId id);  // null: there is none
  const QueueRules* queue(domain::QueueNo no);
  const QueueRules* queue(std::int64_t tenant_no, const std::string& name);
  void mark_used(TenantId id, Timestamp now);
  std::int64_t count_queues(std::int64_t tenant_no);
  const QueueRules& add_queue(std::int64_t tenant_no, const std::string& name, Timestamp now);
  void forget();

 private:
  Database& db_;
  std::unordered_map<TenantId, TenantRules> tenants_;
  std::unordered_map<domain::QueueNo, QueueRules> queues_;
  std::map<std::pair<std::int64_t, std::string>, domain::QueueNo> names_;
};

}  // namespace belfry::store::sqlite
