#include "store/damage_reports.hpp"

#include "base/log.hpp"

namespace belfry::store {
namespace {

constexpr std::size_t kRowsMax = 10'000;

}  // namespace

void DamageReports::report(const DamagedRow& row, std::string_view what) {
  const std::lock_guard lock(mutex_);
  if (row.task && tasks_.size() < kRowsMax) tasks_.emplace(row.task, row.tenant);
  if (known_.size() >= kRowsMax || !known_.emplace(row.table, row.key).second) return;
  log().error("damaged row table={} key={} task={} reason=\"{}\"; restore a backup to have it back",
              row.table, row.key, row.task ? to_string(row.task) : "none", what);
}

std::vector<std::pair<TenantId, TaskId>> DamageReports::take_tasks() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<TenantId, TaskId>> taken;
  for (const auto& [task, tenant] : tasks_) taken.emplace_back(tenant, task);
  tasks_.clear();
  return taken;
}

std::size_t DamageReports::rows() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

}  // namespace belfry::store
