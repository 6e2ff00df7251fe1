#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class TaskEdits final : public TaskWrites {
 public:
  explicit TaskEdits(Context context) : context_(context) {}
  Result<> start_new_run(TenantId tenant, TaskId id, Timestamp now) override;
  int prune_all_tenants(Timestamp before, int limit) override;

 private:
  struct Pruned {
    std::int64_t seq, tenant_no, lane;
    domain::Status status;
  };
  void remove(const Pruned& task);
  void prune_series(Timestamp now);

  Context context_;
};

}  // namespace belfry::store::sqlite
