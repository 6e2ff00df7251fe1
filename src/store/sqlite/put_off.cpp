#include "base/check.hpp"
#include "domain/state_machine.hpp"
#include "sql.hpp"
#include "store/sqlite/destination_edits.hpp"
#include "store/sqlite/executor.hpp"

// Attempts that end without counting: their destination took no call, or ended its connection.
namespace belfry::store::sqlite {

using domain::Status;

Status Executor::park(const Found& task, const Finish& command, Timestamp now) {
  CHECK(command.verdict == Verdict::released && command.unsent);
  const auto& parking = *command.parking;
  const auto status = domain::after(*task.status, domain::TaskEvent::released);
  const auto no = add_destination(context_, task.tenant_no, parking.origin, parking.handler);
  auto row = context_.db.statement(sql::hot::park);
  row.bind(task.seq).bind(task.tenant_no).bind(command.token.attempt).bind(command.token.secret);
  row.bind(to_ms(parking.ready_since)).bind(no);
  row.bind(parking.open_since ? std::optional(to_ms(*parking.open_since)) : std::nullopt);
  row.bind(to_ms(now)).bind(parking.patience.count()).run();
  require_changed(task);
  record(task, SeriesEvent::Kind::put_off, task.started_at ? from_ms(*task.started_at) : now,
         false);
  change(task, status, now, parking.ready_since);
  return status;
}

Result<SendAgain::Reply> Executor::run(const SendAgain& command) {
  const auto found = find(command.tenant, command.id);
  if (!found) return fail(found.error());
  auto task = **found;
  if (!task.holds(command.token)) {
    return fail(ErrorCode::stale_lease,
                "the lease is not that of the task's newest attempt, or the task is not running");
  }
  const auto now = context_.now_or(command.now);
  SendAgain::Reply reply;
  reply.token = {command.token.attempt + 1, static_cast<std::int64_t>((secrets_.next() >> 1) | 1)};
  reply.started_at = now;
  reply.lease_until = now + command.lease;
  auto row = context_.db.statement(sql::hot::send_again);
  row.bind(task.seq).bind(task.tenant_no).bind(command.token.attempt).bind(command.token.secret);
  row.bind(reply.token.secret).bind(to_ms(reply.lease_until)).bind(to_ms(now)).run();
  if (context_.db.changes() == 0) {
    return fail(ErrorCode::invalid_state, "this run has been sent again once already");
  }
  write_attempt(task, {"released", command.error, 0}, now);
  task.attempt = reply.token.attempt;
  task.secret = reply.token.secret;
  task.next_at = to_ms(reply.lease_until);
  task.started_at = to_ms(now);
  remember(std::move(task));
  return reply;
}

}  // namespace belfry::store::sqlite
