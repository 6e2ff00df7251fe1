#include "store/sqlite/task_rows.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/lanes.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/destination_rows.hpp"
#include "store/sqlite/task_walk.hpp"

namespace belfry::store::sqlite {

namespace {

std::string_view outcome_name(domain::Status status) {
  switch (status) {
    case domain::Status::completed:
      return "completed";
    case domain::Status::failed:
      return "failed";
    case domain::Status::cancelled:
      return "cancelled";
    default:
      return "expired";
  }
}

domain::TaskOptions options_from(std::string_view bytes, std::string& damage) {
  auto options = domain::decode_options(bytes);
  if (options) return std::move(*options);
  damage = "a task's options cannot be read";
  return {};
}

// What is damaged about the texts of a task that was read in full; empty: nothing.
std::string damage_of(const TaskRow& task, const Statement& s) {
  if ((s.integer(23) & kTextChecksum) !=
      std::int64_t{body_checksum(task.name, s.blob(8), task.payload)}) {
    return "a task's body does not fit its checksum";
  }
  if (!s.is_null(26) &&
      s.integer(26) != std::int64_t{outcome_checksum(task.status, task.error, task.result)}) {
    return "a task's outcome does not fit its checksum";
  }
  return "";
}

// The columns of tasks_read.sql `row`, in its order.
TaskRow task_from(const Statement& s, Numbers& numbers) {
  TaskRow row;
  row.id = task_id(s.integer(0), s.integer(1));
  const auto& queue = numbers.queue(queue_of_lane(s.integer(2)));
  row.tenant = queue.tenant;
  row.queue = queue.no;
  row.queue_name = queue.name;
  row.name = string_at(s, 3);
  row.priority = int_at(s, 4);
  row.max_attempts = int_at(s, 5);
  row.submitted_at = time_at(s, 27);
  row.scheduled_for = maybe_time_at(s, 6);
  row.expires_at = maybe_time_at(s, 7);
  row.options = options_from(s.blob(8), row.damage);
  if (s.integer(29) == 0) row.damage = kColumnsDamaged;
  row.status = status_at(s, 9);
  row.run = int_at(s, 10);
  row.attempt = int_at(s, 11);
  row.run_attempt = int_at(s, 12);
  row.failures = int_at(s, 13);
  row.next_at = maybe_time_at(s, 14);
  row.started_at = maybe_time_at(s, 15);
  row.finished_at = maybe_time_at(s, 16);
  row.worker = string_at(s, 17);
  row.error = string_at(s, 18);
  if (!s.is_null(19)) {
    if (!s.is_null(20)) row.progress_percent = int_at(s, 20);
    row.progress_text = string_at(s, 21);
    row.heartbeat_at = maybe_time_at(s, 22);
  }
  row.bytes = s.blob(8).size() + row.error.size() + row.progress_text.size();
  return row;
}

}  // namespace

// A damaged row reads as its id, state and times, and says what is damaged. One that cannot be told
// at all reads as absent.
std::optional<TaskRow> TaskRows::row(std::int64_t seq, Extent extent) {
  auto s = context_.db.statement(sql::tasks_read::row);
  s.bind(seq).bind(extent == Extent::full ? 1 : 0);
  if (!s.step()) return std::nullopt;
  const auto untold = [&](std::string_view what) {
    context_.report_damage({"bodies", seq}, what);
    return std::nullopt;
  };
  if (s.is_null(9)) return untold("a task has neither a live row nor an outcome");
  TaskRow task;
  try {
    task = task_from(s, context_.numbers);
    if (!s.is_null(28)) task.parked_at = destination_name(context_, s.integer(28));
  } catch (const Damaged& damaged) {
    return untold(damaged.what());
  }
  if (extent == Extent::full && task.damage.empty()) {
    task.payload = string_at(s, 24);
    task.result = string_at(s, 25);
    task.bytes += task.payload.size() + task.result.size();
    task.damage = damage_of(task, s);
  }
  if (task.damage.empty()) return task;
  context_.report_damage({"bodies", seq, task.tenant, task.id}, task.damage);
  task.payload.clear();
  task.result.clear();
  task.error = fmt::format("{}: {}", kDamagedCode, task.damage);
  return task;
}

std::optional<TaskRow> TaskRows::sound_row(TenantId tenant, TaskId id, Extent extent) {
  if (!owned(tenant, id)) return std::nullopt;
  auto task = row(seq_of(id), extent);
  if (!task) throw Damaged("a task's row cannot be told");
  if (!task->damage.empty()) throw Damaged(task->damage);
  return task;
}

bool TaskRows::owned(TenantId tenant, TaskId id) {
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no || !is_task_id(id)) return false;
  auto s = context_.db.statement(sql::tasks_read::owned);
  s.bind(seq_of(id)).bind(low_of(id)).bind(*no);
  return s.step();
}

std::optional<TaskRow> TaskRows::find(TenantId tenant, TaskId id) {
  return sound_row(tenant, id, Extent::full);
}

std::optional<TaskRow> TaskRows::find_even_damaged(TenantId tenant, TaskId id) {
  if (!owned(tenant, id)) return std::nullopt;
  return row(seq_of(id), Extent::full);
}

std::optional<TaskRow> TaskRows::find_summary(TenantId tenant, TaskId id) {
  return sound_row(tenant, id, Extent::summary);
}

std::vector<AttemptRow> TaskRows::attempts(TenantId tenant, TaskId id) {
  std::vector<AttemptRow> attempts;
  if (!owned(tenant, id)) return attempts;
  const auto seq = seq_of(id);
  auto s = context_.db.statement(sql::tasks_read::attempts);
  s.bind(seq);
  while (s.step()) {
    attempts.push_back({.number = int_at(s, 0),
                        .run = int_at(s, 1),
                        .started_at = time_at(s, 2),
                        .finished_at = time_at(s, 3),
                        .outcome = string_at(s, 4),
                        .error = string_at(s, 5),
                        .http_status = int_at(s, 6),
                        .worker = string_at(s, 7)});
  }
  const int newest = attempts.empty() ? 0 : attempts.back().number;
  auto running = context_.db.statement(sql::tasks_read::running_attempt);
  running.bind(seq);
  const auto require = [&](bool fits) {
    if (fits) return;
    context_.report_damage({"bodies", seq, tenant, id}, kColumnsDamaged);
    throw Damaged(kColumnsDamaged);
  };
  if (running.step()) {
    require(running.integer(4) != 0);
    attempts.push_back({.number = int_at(running, 0),
                        .run = int_at(running, 1),
                        .started_at = time_at(running, 2),
                        .finished_at = {},
                        .outcome = "running",
                        .error = {},
                        .http_status = 0,
                        .worker = string_at(running, 3)});
    return attempts;
  }
  // A task that ended between attempts names in its outcome one that has a row already.
  auto last = context_.db.statement(sql::tasks_read::last_attempt);
  last.bind(seq);
  if (last.step() && int_at(last, 0) > newest) {
    require(last.integer(8) != 0);
    const auto status = static_cast<domain::Status>(last.integer(4));
    attempts.push_back({.number = int_at(last, 0),
                        .run = int_at(last, 1),
                        .started_at = time_at(last, 2),
                        .finished_at = time_at(last, 3),
                        .outcome = std::string(outcome_name(status)),
                        .error = string_at(last, 5),
                        .http_status = int_at(last, 6),
                        .worker = string_at(last, 7)});
  }
  return attempts;
}

std::vector<std::pair<Timestamp, std::string>> TaskRows::log_lines(TenantId tenant, TaskId id,
                                                                   int limit) {
  std::vector<std::pair<Timestamp, std::string>> lines;
  if (!owned(tenant, id)) return lines;
  auto s = context_.db.statement(sql::tasks_read::log_lines);
  s.bind(seq_of(id)).bind(limit);
  while (s.step()) lines.emplace_back(time_at(s, 0), string_at(s, 1));
  return lines;
}

TaskId TaskRows::id_of(std::int64_t seq) {
  auto s = context_.db.statement(sql::tasks_read::id_low_of);
  s.bind(seq);
  CHECK(s.step());
  return task_id(seq, s.integer(0));
}

TaskPage TaskRows::query(TenantId tenant, const TaskFilter& filter, std::optional<TaskId> before,
                         int limit, bool summary) {
  TaskPage page;
  const auto found = walk_tasks(context_, tenant, filter, before, limit);
  std::size_t bytes = 0;
  for (const auto seq : found.seqs) {
    if (bytes >= domain::kPageBytesMax) {
      page.next = page.tasks.back().id;
      return page;
    }
    auto task = row(seq, summary ? Extent::summary : Extent::full);
    if (!task) continue;
    bytes += task->bytes;
    page.tasks.push_back(std::move(*task));
  }
  if (found.last_looked_at) page.next = id_of(*found.last_looked_at);
  return page;
}

std::vector<TaskRow> TaskRows::summaries(Statement s) {
  std::vector<TaskRow> rows;
  std::size_t bytes = 0;
  while (bytes < domain::kPageBytesMax && s.step()) {
    auto task = row(s.integer(0), Extent::summary);
    if (!task) continue;
    bytes += task->bytes;
    rows.push_back(std::move(*task));
  }
  return rows;
}

std::vector<TaskRow> TaskRows::upcoming(TenantId tenant, int limit) {
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return {};
  auto s = context_.db.statement(sql::tasks_read::upcoming);
  s.bind(*no).bind(limit);
  return summaries(std::move(s));
}

std::vector<FailureRow> TaskRows::failures(TenantId tenant, Timestamp from, int limit) {
  std::vector<FailureRow> rows;
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return rows;
  auto s = context_.db.statement(sql::tasks_read::failures);
  s.bind(*no).bind(to_ms(from)).bind(limit).bind(kErrorSampleChars);
  while (s.step()) {
    rows.push_back({.id = task_id(s.integer(0), s.integer(1)),
                    .name = string_at(s, 2),
                    .error = string_at(s, 3),
                    .finished_at = time_at(s, 4)});
    if (s.integer(5) != 0) continue;
    context_.report_damage({"bodies", s.integer(0), tenant, rows.back().id}, kColumnsDamaged);
    rows.pop_back();
  }
  return rows;
}

std::optional<int> TaskRows::ahead(TenantId tenant, TaskId id, unsigned lanes, int limit) {
  if (!owned(tenant, id)) return std::nullopt;
  auto place = context_.db.statement(sql::tasks_read::place);
  place.bind(seq_of(id));
  if (!place.step()) return std::nullopt;
  const auto queue = queue_of_lane(place.integer(0));
  int count = 0;
  for (const auto lane :
       {domain::Lane::by_queue_default, domain::Lane::push, domain::Lane::worker}) {
    if ((lanes & lane_bit(lane)) == 0 || count >= limit) continue;
    auto s = context_.db.statement(sql::tasks_read::ahead);
    s.bind(lane_key(queue, lane)).bind(place.integer(1)).bind(seq_of(id)).bind(limit - count);
    CHECK(s.step());
    count += int_at(s, 0);
  }
  return count;
}

std::vector<std::pair<TaskRow, LeaseToken>> TaskRows::lost_all_tenants(std::optional<Timestamp> now,
                                                                       int limit) {
  std::vector<std::pair<std::int64_t, LeaseToken>> lost;
  auto s = context_.db.statement(sql::tasks_read::lost);
  s.bind(to_ms(context_.now_or(now))).bind(limit);
  while (s.step()) {
    lost.emplace_back(s.integer(0),
                      LeaseToken{static_cast<std::int32_t>(s.integer(1)), s.integer(2)});
  }
  std::vector<std::pair<TaskRow, LeaseToken>> rows;
  std::size_t bytes = 0;
  for (const auto& [seq, token] : lost) {
    if (bytes >= domain::kPageBytesMax) break;
    auto task = row(seq, Extent::summary);
    if (!task) continue;
    bytes += task->bytes;
    rows.emplace_back(std::move(*task), token);
  }
  return rows;
}

std::vector<TaskRow> TaskRows::overdue_all_tenants(std::optional<Timestamp> now, int limit) {
  auto s = context_.db.statement(sql::tasks_read::overdue);
  s.bind(to_ms(context_.now_or(now))).bind(limit);
  return summaries(std::move(s));
}

std::optional<Timestamp> TaskRows::next_lease_end_all_tenants() {
  auto s = context_.db.statement(sql::tasks_read::next_lease_end);
  return s.step() ? maybe_time_at(s, 0) : std::nullopt;
}

std::optional<Timestamp> TaskRows::next_expiry_all_tenants() {
  auto s = context_.db.statement(sql::tasks_read::next_expiry);
  return s.step() ? maybe_time_at(s, 0) : std::nullopt;
}

std::vector<std::pair<domain::QueueNo, unsigned>> TaskRows::ready_lanes_all_tenants() {
  std::vector<std::pair<domain::QueueNo, unsigned>> queues;
  auto s = context_.db.statement(sql::tasks_read::ready_lanes);
  while (s.step()) {
    const auto lane = s.integer(0);
    const domain::QueueNo queue{lane >> 2};
    const unsigned bit = 1U << static_cast<unsigned>(lane & 3);
    if (queues.empty() || queues.back().first != queue) queues.emplace_back(queue, 0U);
    queues.back().second |= bit;
  }
  return queues;
}

}  // namespace belfry::store::sqlite
