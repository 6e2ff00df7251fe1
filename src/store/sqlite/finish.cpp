#include "base/check.hpp"
#include "domain/state_machine.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/executor.hpp"
#include "store/sqlite/stored_bytes.hpp"
#include "store/sqlite/turns.hpp"

namespace belfry::store::sqlite {

using domain::after;
using domain::Status;
using domain::TaskEvent;
using Kind = SeriesEvent::Kind;

namespace {

std::unexpected<Error> stale() {
  return fail(ErrorCode::stale_lease,
              "the lease is not that of the task's newest attempt, or the task is not running");
}

// `later`: its next time has not come yet.
TaskEvent event_of(Verdict verdict, bool later) {
  switch (verdict) {
    case Verdict::completed:
      return TaskEvent::completed;
    case Verdict::failed:
    case Verdict::lost_last:
      return TaskEvent::attempts_used_up;
    case Verdict::retry:
      return TaskEvent::attempt_failed;
    case Verdict::released:
      return later ? TaskEvent::put_off : TaskEvent::released;
    case Verdict::lost:
      return TaskEvent::lease_lost;
  }
  return TaskEvent::lease_lost;
}

Status status_after(Status status, Verdict verdict, bool later) {
  const auto to = after(status, event_of(verdict, later));
  return to == Status::scheduled && !later ? after(to, TaskEvent::became_due) : to;
}

constexpr std::int64_t kLogLinesMax = 1'000;  // a task
constexpr std::chrono::minutes kAside{1};

}  // namespace

void Executor::write_attempt(const Found& task, const AttemptNote& note, Timestamp now) {
  auto row = context_.db.statement(sql::hot::add_attempt);
  row.bind(task.seq).bind(task.attempt).bind(task.run).bind(task.started_at.value_or(to_ms(now)));
  row.bind(to_ms(now)).bind_text(note.outcome).bind(note.http_status).bind_text(note.error);
  if (task.worker) {
    row.bind_text(*task.worker);
  } else {
    row.bind_null();
  }
  row.run();
  context_.batch->store_bytes(task.tenant_no, stored::attempt(note.error));
}

domain::Status Executor::end_run(const Found& task, const Finish& command, Timestamp now) {
  const bool completed = command.verdict == Verdict::completed;
  const auto status = status_after(*task.status, command.verdict, false);
  context_.db.statement(sql::hot::end_attempt)
      .bind(task.seq)
      .bind(task.tenant_no)
      .bind(command.token.attempt)
      .bind(command.token.secret)
      .run();
  require_changed(task);
  write_outcome(task, {status, task.failures + (completed ? 0 : 1), command.token.secret,
                       command.http_status, command.error, command.result, now});
  record(task, completed ? Kind::completed : Kind::failed, now, true);
  change(task, status, now, now);
  return status;
}

domain::Status Executor::put_back(const Found& task, const Finish& command, Timestamp now) {
  const bool released = command.verdict == Verdict::released;
  const bool retry = command.verdict == Verdict::retry;
  const auto next_at = retry || released ? std::max(command.next_at.value_or(now), now) : now;
  const auto status = status_after(*task.status, command.verdict, next_at > now);
  const auto* queue = config_.queue(queue_of_lane(task.lane));
  CHECK(queue != nullptr);
  auto row = context_.db.statement(sql::hot::put_back);
  row.bind(task.seq).bind(task.tenant_no).bind(command.token.attempt).bind(command.token.secret);
  row.bind(static_cast<int>(status)).bind(to_ms(next_at));
  // One that was handed back keeps its place.
  row.bind(released ? std::nullopt
                    : std::optional(domain::rank(next_at, task.priority, queue->aging)));
  const bool unsent = released && command.unsent;
  row.bind(task.failures + (released ? 0 : 1)).bind(task.run_attempt - (released ? 1 : 0));
  row.bind(unsent ? 1 : 0).run();
  require_changed(task);
  if (!unsent) {
    const auto* outcome = released ? "released" : retry ? "failed" : "lease_lost";
    write_attempt(task, {outcome, command.error, command.http_status}, now);
  }
  if (!released) record(task, Kind::retried, now, true);
  change(task, status, now, next_at);
  return status;
}

Result<Finish::Reply> Executor::run(const Finish& command) {
  const auto found = find(command.tenant, command.id);
  if (!found) return fail(found.error());
  const auto& task = **found;
  if (!task.holds(command.token)) return stale();
  const auto now = context_.now_or(command.now);
  const bool lost = command.verdict == Verdict::lost || command.verdict == Verdict::lost_last;
  if (lost && from_ms(task.next_at) > now) return stale();
  const bool ends = command.verdict == Verdict::completed || command.verdict == Verdict::failed ||
                    command.verdict == Verdict::lost_last;
  const auto status = ends              ? end_run(task, command, now)
                      : command.parking ? park(task, command, now)
                                        : put_back(task, command, now);
  running_.erase(task.seq);
  post(command.outbox, command.tenant, command.id, now);
  return Finish::Reply{status, now};
}

void Executor::write_progress(const Found& task, const Progress& progress, Timestamp now) {
  auto row = context_.db.statement(sql::hot::put_progress);
  row.bind(task.seq);
  row.bind(progress.percent ? std::optional<std::int64_t>(*progress.percent) : std::nullopt);
  progress.text ? row.bind_text(*progress.text) : row.bind_null();
  row.bind(to_ms(now)).run();
  with_progress_.insert(task.seq);
  std::erase(progress_ended_, task.seq);
  if (progress.log_lines.empty()) return;
  std::int64_t n = 0;
  {
    auto last = context_.db.statement(sql::hot::last_log_line);
    last.bind(task.seq);
    CHECK(last.step());
    n = last.integer(0);
  }
  for (const auto& line : progress.log_lines) {
    if (n >= kLogLinesMax) return;
    context_.db.statement(sql::hot::add_log_line)
        .bind(task.seq)
        .bind(++n)
        .bind(to_ms(now))
        .bind_text(line)
        .run();
    context_.batch->store_bytes(task.tenant_no, stored::log_line(line));
  }
}

Result<Renew::Reply> Executor::run(const Renew& command) {
  const auto found = find(command.tenant, command.id);
  if (!found) return fail(found.error());
  const auto& task = **found;
  const auto now = context_.now_or(command.now);
  if (!task.holds(command.token)) {
    auto row = context_.db.statement(sql::hot::cancelled_attempt);
    row.bind(task.seq).bind(command.token.attempt).bind(command.token.secret);
    if (!task.status && row.step()) return Renew::Reply{now, true};
    return stale();
  }
  // Only an acceptance sets the lease anew; whatever else comes late must not cut it short.
  auto asked = now + std::max(command.extend, Millis{0});
  if (command.not_beyond) asked = std::min(asked, *command.not_beyond);
  const auto until = command.accepted ? asked : std::max(asked, from_ms(task.next_at));
  context_.db.statement(sql::hot::renew)
      .bind(task.seq)
      .bind(task.tenant_no)
      .bind(command.token.attempt)
      .bind(command.token.secret)
      .bind(to_ms(until))
      .bind(command.accepted ? 1 : 0)
      .run();
  require_changed(task);
  if (command.progress) write_progress(task, *command.progress, now);
  if (const auto known = running_.find(task.seq); known != running_.end()) {
    known->second.next_at = to_ms(until);
  }
  post(command.outbox, command.tenant, command.id, now);
  return Renew::Reply{until, false};
}

// False if it is to be removed only while it is parked, and is not. A damaged row goes whatever it
// says.
bool Executor::remove(const Found& task, TaskEvent event) {
  if (event == TaskEvent::given_up) {
    context_.db.statement(sql::hot::remove_parked).bind(task.seq).bind(task.tenant_no).run();
    return context_.db.changes() == 1;
  }
  if (event == TaskEvent::damaged) {
    context_.db.statement(sql::hot::remove_damaged).bind(task.seq).run();
  } else {
    context_.db.statement(sql::hot::remove_unfinished)
        .bind(task.seq)
        .bind(task.tenant_no)
        .bind(static_cast<int>(*task.status))
        .bind(task.attempt)
        .run();
  }
  require_changed(task);
  return true;
}

Result<End::Reply> Executor::run(const End& command) {
  const bool expires = command.status == Status::expired;
  const bool fails = command.status == Status::failed;
  const auto event = expires               ? TaskEvent::expired
                     : command.only_parked ? TaskEvent::given_up
                     : fails               ? TaskEvent::damaged
                                           : TaskEvent::cancelled;
  const auto found = find(command.tenant, command.id,
                          event == TaskEvent::damaged ? Soundness::any : Soundness::needed);
  if (!found) return fail(found.error());
  const auto& task = **found;
  if (!task.status) return fail(ErrorCode::invalid_state, "the task has finished already");
  const auto now = context_.now_or(command.now);
  const auto to = domain::next(*task.status, event);
  if (!to) return fail(ErrorCode::invalid_state, "a running task is ended by its attempt");
  if (expires && (!task.expires_at || from_ms(*task.expires_at) > now)) {
    return fail(ErrorCode::invalid_state, "the task's time has not passed");
  }
  if (!remove(task, event)) {
    return fail(ErrorCode::invalid_state, "the task is not parked");
  }
  const bool was_running = task.status == Status::running;
  // The secret stays, so that the attempt that still runs can be told at its next heartbeat.
  write_outcome(task, {*to,
                       task.failures,
                       was_running ? std::optional(task.secret) : std::nullopt,
                       0,
                       command.error,
                       {},
                       now});
  const auto kind = expires ? Kind::expired : fails ? Kind::failed : Kind::cancelled;
  record(task, kind, now, was_running);
  change(task, *to, now, now);
  running_.erase(task.seq);
  post(command.outbox, command.tenant, command.id, now);
  return End::Reply{now, was_running};
}

std::vector<Executor::Found> Executor::read_due(Statement row) {
  std::vector<Found> due;
  while (row.step()) {
    Found task;
    task.seq = row.integer(0);
    task.tenant_no = row.integer(1);
    task.lane = row.integer(2);
    task.next_at = row.integer(3);
    task.attempt = row.integer(4);
    task.low = row.integer(5);
    task.sound = row.integer(6) != 0;
    task.status = Status::scheduled;
    due.push_back(std::move(task));
  }
  return due;
}

std::vector<Executor::Found> Executor::due(Timestamp now, int max) {
  auto statement = context_.db.statement(sql::hot::due);
  statement.bind(to_ms(now)).bind(max);
  auto oldest = read_due(std::move(statement));
  if (oldest.size() < static_cast<std::size_t>(max)) return oldest;
  std::vector<Turn> turns;
  {
    auto row = context_.db.statement(sql::hot::due_turns);
    row.bind(to_ms(now));
    while (row.step()) turns.emplace_back(row.integer(0), row.integer(1));
  }
  const auto of_tenant = [&](std::int64_t tenant, std::size_t count) {
    auto own = context_.db.statement(sql::hot::due_of_tenant);
    own.bind(tenant).bind(to_ms(now)).bind(static_cast<std::int64_t>(count));
    return read_due(std::move(own));
  };
  return in_turns(std::move(oldest), static_cast<std::size_t>(max), std::move(turns), of_tenant,
                  [](const Found& task) { return task.seq; });
}

// Whoever hears of the report ends it; if that cannot be done it is not met at every turn.
bool Executor::put_damaged_aside(const Found& task, Timestamp now) {
  try {
    const auto tenant = context_.numbers.tenant_id(task.tenant_no);
    if (task.sound) return false;
    context_.report_damage({"live", task.seq, tenant, task.id()}, kColumnsDamaged);
  } catch (const Damaged&) {
    context_.report_damage({"live", task.seq}, kColumnsDamaged);
  }
  context_.db.statement(sql::hot::put_aside).bind(task.seq).bind(to_ms(now + kAside)).run();
  return true;
}

Result<MoveDue::Reply> Executor::run(const MoveDue& command) {
  const auto now = context_.now_or(command.now);
  const auto tasks = due(now, command.max);
  for (const auto& task : tasks) {
    if (put_damaged_aside(task, now)) continue;
    context_.db.statement(sql::hot::make_ready).bind(task.seq).run();
    change(task, after(*task.status, TaskEvent::became_due), now, from_ms(task.next_at));
  }
  MoveDue::Reply reply{static_cast<int>(tasks.size()), {}};
  auto row = context_.db.statement(sql::hot::next_due);
  if (row.step()) reply.next_due = from_ms(row.integer(0));
  return reply;
}

}  // namespace belfry::store::sqlite
