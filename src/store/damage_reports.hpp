#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.hpp"

namespace belfry::store {

// How the error of a task begins that ended because of it.
inline constexpr std::string_view kDamagedCode = "stored_data_damaged";

struct DamagedRow {
  std::string_view table;  // a constant
  std::int64_t key = 0;
  TenantId tenant = {};
  TaskId task = {};  // empty: of no task, or of one that cannot be told
};

// The damaged rows that were met, for the log, the gauge and whoever ends their tasks. Each row is
// logged once. Bounded; thread-safe.
class DamageReports {
 public:
  void report(const DamagedRow& row, std::string_view what);
  // Tasks reported since the last call; those that have finished already are among them.
  std::vector<std::pair<TenantId, TaskId>> take_tasks();
  std::size_t rows() const;

 private:
  mutable std::mutex mutex_;
  std::set<std::pair<std::string_view, std::int64_t>> known_;
  std::map<TaskId, TenantId> tasks_;
};

}  // namespace belfry::store
