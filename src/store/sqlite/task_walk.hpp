#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/rows.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

struct TaskWalk {
  std::vector<std::int64_t> seqs;              // what was found, newest first
  std::optional<std::int64_t> last_looked_at;  // absent: the walk came to the end
};

// Finds at most `limit` tasks of the filter, newest first, strictly older than `before`. Picks the
// index that fits the statuses asked for (the running totals tell which are rare) and looks at no
// more than kScanRowsMax rows. Rows are named, not read: the caller reads the few that it shows.
TaskWalk walk_tasks(const Context& context, TenantId tenant, const TaskFilter& filter,
                    std::optional<TaskId> before, int limit);

}  // namespace belfry::store::sqlite
