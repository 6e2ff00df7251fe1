#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class TaskRows final : public TaskReads {
 public:
  explicit TaskRows(Context context) : context_(context) {}

  std::optional<TaskRow> find(TenantId tenant, TaskId id) override;
  std::optional<TaskRow> find_even_damaged(TenantId tenant, TaskId id) override;
  std::optional<TaskRow> find_summary(TenantId tenant, TaskId id) override;
  std::vector<AttemptRow> attempts(TenantId tenant, TaskId id) override;
  std::vector<std::pair<Timestamp, std::string>> log_lines(TenantId tenant, TaskId id,
                                                           int limit) override;
  TaskPage query(TenantId tenant, const TaskFilter& filter, std::optional<TaskId> before, int limit,
                 bool summary) override;
  std::vector<TaskRow> upcoming(TenantId tenant, int limit) override;
  std::vector<FailureRow> failures(TenantId tenant, Timestamp from, int limit) override;
  std::optional<int> ahead(TenantId tenant, TaskId id, unsigned lanes, int limit) override;
  std::vector<std::pair<TaskRow, LeaseToken>> lost_all_tenants(std::optional<Timestamp> now,
                                                               int limit) override;
  std::vector<TaskRow> overdue_all_tenants(std::optional<Timestamp> now, int limit) override;
  std::int64_t scrub_all_tenants(std::int64_t after, int limit) override;
  std::optional<Timestamp> next_lease_end_all_tenants() override;
  std::optional<Timestamp> next_expiry_all_tenants() override;
  std::vector<std::pair<domain::QueueNo, unsigned>> ready_lanes_all_tenants() override;

  // The summaries that a statement names in its first column, as far as kPageBytesMax goes.
  std::vector<TaskRow> summaries(Statement s);

 private:
  enum class Extent { summary, full };
  std::optional<TaskRow> row(std::int64_t seq, Extent extent);
  std::optional<TaskRow> sound_row(TenantId tenant, TaskId id, Extent extent);
  std::size_t scrub_one(std::int64_t seq);
  void report_orphans(std::int64_t after, std::int64_t up_to);
  bool owned(TenantId tenant, TaskId id);
  TaskId id_of(std::int64_t seq);

  Context context_;
};

}  // namespace belfry::store::sqlite
