#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class QueueRows final : public QueueReads {
 public:
  explicit QueueRows(Context context) : context_(context) {}
  std::optional<QueueRow> find(TenantId tenant, const std::string& name) override;
  std::vector<QueueRow> list(TenantId tenant) override;
  std::vector<domain::Queue> settings(TenantId tenant) override;

 private:
  void add_depth(std::int64_t tenant_no, QueueRow& row);
  std::optional<Timestamp> oldest_ready(domain::QueueNo queue);

  Context context_;
};

// Reads the columns that every select of queues.sql gives, in their order.
domain::Queue queue_from(const Statement& row);

}  // namespace belfry::store::sqlite
