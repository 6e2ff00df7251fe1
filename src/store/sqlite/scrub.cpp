#include <limits>
#include <vector>

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/task_rows.hpp"

// The walk over all tasks that finds damage before somebody needs the row.
namespace belfry::store::sqlite {
namespace {

constexpr std::size_t kBytesMax = 1024 * 1024;  // of payloads and results, at one time
constexpr auto kUnreadable = "a page of the file cannot be read";
constexpr auto kIndexLacks =
    "an index lacks the task's row, so lists, claims or timers may miss it";

}  // namespace

// A row that is read is compared with its checksums, and reported. Returns the bytes that it took.
std::size_t TaskRows::scrub_one(std::int64_t seq) {
  const auto task = row(seq, Extent::full);
  if (!task || !task->damage.empty()) return 0;
  for (const auto& [table, sql] :
       {std::pair{"bodies_by_tenant", sql::scrub::body_indexed},
        std::pair{"an index of live", sql::scrub::live_indexed},
        std::pair{"an index of outcomes", sql::scrub::outcome_indexed}}) {
    auto indexed = context_.db.statement(sql);
    indexed.bind(seq);
    if (indexed.step() && indexed.integer(0) == 0)
      context_.report_damage({table, seq}, kIndexLacks);
  }
  return task->bytes;
}

void TaskRows::report_orphans(std::int64_t after, std::int64_t up_to) {
  for (const auto& [table, sql] : {std::pair{"live", sql::scrub::live_orphans},
                                   std::pair{"outcomes", sql::scrub::outcome_orphans}}) {
    auto orphans = context_.db.statement(sql);
    orphans.bind(after).bind(up_to);
    while (orphans.step()) {
      context_.report_damage({table, orphans.integer(0)}, "a task's body is missing");
    }
  }
}

// A page that cannot be read ends the service when somebody needs it; here it is reported, so that
// there is time for a backup of the rest.
std::int64_t TaskRows::scrub_all_tenants(std::int64_t after, int limit) {
  std::vector<std::int64_t> found;
  try {
    auto next = context_.db.statement(sql::scrub::next);
    next.bind(after).bind(limit);
    while (next.step()) found.push_back(next.integer(0));
  } catch (const Broken&) {
    context_.report_damage({"the tasks after", after}, kUnreadable);
    return 0;
  }
  std::size_t bytes = 0, looked_at = 0;
  while (looked_at < found.size() && bytes < kBytesMax) {
    const auto seq = found[looked_at++];
    try {
      bytes += scrub_one(seq);
    } catch (const Broken&) {
      context_.report_damage({"pages of a task", seq}, kUnreadable);
    }
  }
  const bool all = looked_at == found.size() && found.size() < static_cast<std::size_t>(limit);
  const auto place = all ? std::numeric_limits<std::int64_t>::max() : found[looked_at - 1];
  try {
    report_orphans(after, place);
  } catch (const Broken&) {
    context_.report_damage({"the tasks after", after}, kUnreadable);
  }
  return all ? 0 : place;
}

}  // namespace belfry::store::sqlite
