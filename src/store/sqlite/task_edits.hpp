#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class TaskEdits final : public TaskWrites {
 public:
  explicit TaskEdits(Context context) : context_(context) {}
  Result<> start_new_run(TenantId tenant, TaskId id, Timestamp now) override;
  int prune_all_tenants(Timestamp before, int limit) override;
  // Finished tasks of a tenant that goes, with all that hangs on them; how many.
  int remove_of_tenant(std::int64_t tenant_no, int limit);

 private:
  struct Pruned {
    std::int64_t seq, tenant_no, lane;
    domain::Status status;
  };
  std::int64_t asked(std::string_view sql, std::int64_t seq);  // the number that it gives
  void remove(const Pruned& task);
  void prune_series(Timestamp now);

  Context context_;
};

}  // namespace belfry::store::sqlite
