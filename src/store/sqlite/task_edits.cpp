#include "store/sqlite/task_edits.hpp"

#include <limits>
#include <vector>

#include "domain/state_machine.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/id_bounds.hpp"
#include "store/sqlite/positions.hpp"
#include "store/sqlite/task_rows.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::chrono::hours kMinutesKept{25};
constexpr std::chrono::hours kHoursKept{24 * 31};

}  // namespace

Result<> TaskEdits::start_new_run(TenantId tenant, TaskId id, Timestamp now) {
  const auto tenant_no = context_.numbers.tenant_no(tenant);
  if (!tenant_no || !is_task_id(id)) return fail(ErrorCode::not_found, "no such task");
  const auto seq = seq_of(id);
  std::int64_t lane = 0, run = 0, attempt = 0;
  int priority = 0;
  domain::Status ended{};
  {
    auto s = context_.db.statement(sql::task_runs::ended);
    s.bind(seq).bind(low_of(id)).bind(*tenant_no);
    if (!s.step()) {
      if (!TaskRows(context_).find(tenant, id)) return fail(ErrorCode::not_found, "no such task");
      return fail(ErrorCode::invalid_state,
                  "the task has not finished; wait for its end, or cancel it first");
    }
    if (s.integer(6) == 0) {
      context_.report_damage({"bodies", seq, tenant, id}, kColumnsDamaged);
      throw Damaged(kColumnsDamaged);
    }
    ended = static_cast<domain::Status>(s.integer(0));
    run = s.integer(1);
    attempt = s.integer(2);
    lane = s.integer(3);
    priority = int_at(s, 4);
  }
  context_.db.statement(sql::task_runs::keep_last_attempt).bind(seq).run();
  const bool kept = context_.db.changes() > 0;
  context_.batch->store_bytes(*tenant_no, (kept ? asked(sql::stored::of_last_attempt, seq) : 0) -
                                              asked(sql::stored::of_outcome, seq));
  context_.db.statement(sql::task_runs::remove_outcome).bind(seq).run();
  const auto queue_no = queue_of_lane(lane);
  auto aging = context_.db.statement(sql::queues::aging);
  aging.bind(queue_no.value);
  const auto step = aging.step() ? Millis{aging.integer(0)} : domain::kAgingDefault;
  // An expiry that has passed would end the new run before it began: it does not carry over.
  auto revive = context_.db.statement(sql::task_runs::revive);
  revive.bind(seq).bind(*tenant_no).bind(lane).bind(domain::rank(now, priority, step));
  revive.bind(to_ms(now)).bind_null().bind(run + 1).bind(attempt).run();
  TaskChange change;
  change.tenant = tenant;
  change.id = id;
  change.queue = queue_no;
  change.lane = kind_of_lane(lane);
  change.from = ended;
  change.to = domain::after(ended, domain::TaskEvent::retried_by_hand);
  change.attempt = static_cast<std::int32_t>(attempt);
  change.next_at = now;
  change.at = now;
  context_.batch->change(*tenant_no, change);
  return {};
}

std::int64_t TaskEdits::asked(std::string_view sql, std::int64_t seq) {
  auto s = context_.db.statement(sql);
  s.bind(seq);
  return s.step() ? s.integer(0) : 0;
}

void TaskEdits::remove(const Pruned& task) {
  context_.batch->store_bytes(task.tenant_no, -asked(sql::stored::of_task, task.seq));
  for (const auto sql :
       {sql::task_runs::remove_outcome, sql::task_runs::remove_body,
        sql::task_runs::remove_submitted, sql::task_runs::remove_attempts,
        sql::task_runs::remove_progress, sql::task_runs::remove_log_lines,
        sql::task_runs::remove_delivery_attempts, sql::task_runs::remove_deliveries}) {
    context_.db.statement(sql).bind(task.seq).run();
  }
  context_.batch->count({task.tenant_no, queue_of_lane(task.lane).value, task.status}, -1);
}

void TaskEdits::prune_series(Timestamp now) {
  for (const auto& [step, kept] : {std::pair{0, kMinutesKept}, std::pair{1, kHoursKept}}) {
    std::vector<std::int64_t> tenants;
    {
      auto s = context_.db.statement(sql::metrics::tenants_in_series);
      s.bind(step);
      while (s.step()) tenants.push_back(s.integer(0));
    }
    for (const auto tenant_no : tenants) {
      context_.db.statement(sql::task_runs::prune_series)
          .bind(step)
          .bind(tenant_no)
          .bind(to_ms(now - kept))
          .run();
    }
  }
}

int TaskEdits::remove_of_tenant(std::int64_t tenant_no, int limit) {
  std::vector<Pruned> gone;
  {
    auto s = context_.db.statement(sql::tenants::some_tasks);
    s.bind(tenant_no).bind(limit);
    while (s.step()) {
      gone.push_back(
          {s.integer(0), tenant_no, s.integer(1), static_cast<domain::Status>(s.integer(2))});
    }
  }
  for (const auto& task : gone) remove(task);
  return static_cast<int>(gone.size());
}

int TaskEdits::prune_all_tenants(Timestamp before, int limit) {
  const auto from = load_position(context_, kTasksPruned);
  const auto end = seq_to(context_, before);
  std::vector<Pruned> gone;
  int walked = 0;
  auto position = from;
  {
    auto s = context_.db.statement(sql::task_runs::prune_walk);
    s.bind(from).bind(end).bind(limit);
    while (s.step()) {
      ++walked;
      position = s.integer(0);
      if (from_ms(s.integer(1)) >= before) continue;
      gone.push_back(
          {s.integer(0), s.integer(3), s.integer(4), static_cast<domain::Status>(s.integer(2))});
    }
  }
  for (const auto& task : gone) remove(task);
  // A walk that came to its end starts over: what was left standing (finished late, unfinished
  // then) has its turn in the next round.
  const bool at_end = walked < limit;
  save_position(context_, kTasksPruned, at_end ? 0 : position);
  if (at_end) prune_series(context_.clock.now());
  return at_end ? static_cast<int>(gone.size()) : limit;
}

}  // namespace belfry::store::sqlite
