#include "base/check.hpp"
#include "domain/state_machine.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/executor.hpp"

namespace belfry::store::sqlite {

using domain::Status;
using HeldBy = Claim::HeldBy;

namespace {

constexpr domain::Lane kLanes[] = {domain::Lane::by_queue_default, domain::Lane::push,
                                   domain::Lane::worker};

// Expired tasks that one claim passes by: they stand in front until the rescuer has ended them, and
// a tenant's hundred thousand must not hold the writer.
constexpr std::size_t kExpiredPassedMax = 1'000;
constexpr std::size_t kLookedAtOnce = 250;  // once some have been met

std::optional<Timestamp> maybe_time(std::optional<std::int64_t> ms) {
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

}  // namespace

// The best `limit` ready tasks after `after`, merged over the lanes by rank.
std::vector<Executor::Candidate> Executor::candidates(const Claim& command, int limit,
                                                      const Candidate& after) {
  std::vector<Candidate> found;
  for (const auto lane : kLanes) {
    if ((command.lanes & lane_bit(lane)) == 0) continue;
    auto row = context_.db.statement(sql::hot::ready);
    row.bind(lane_key(command.queue, lane)).bind(after.rank).bind(after.seq).bind(limit);
    while (row.step()) {
      found.push_back({row.integer(0), row.integer(1), lane, maybe_time(row.maybe_integer(2))});
    }
  }
  std::ranges::sort(found, {}, [](const Candidate& c) { return std::pair(c.rank, c.seq); });
  if (found.size() > static_cast<std::size_t>(limit)) {
    found.erase(found.begin() + limit, found.end());
  }
  return found;
}

// Reads a candidate's task whole, and its live row for the next checksum. What the index and the
// queue say of it is taken for granted: a row that says something else does not fit its checksum.
Claim::Task Executor::read_candidate(const Candidate& candidate, const QueueRules& queue,
                                     LiveRow& live) {
  auto row = context_.db.statement(sql::hot::candidate);
  row.bind(candidate.seq);
  if (!row.step()) {
    context_.report_damage({"live", candidate.seq}, "an unfinished task has no body");
    throw Damaged("an unfinished task has no body");
  }
  live = {.seq = candidate.seq,
          .tenant = queue.tenant_no,
          .lane = lane_key(queue.no, candidate.lane),
          .status = static_cast<int>(Status::pending),
          .rank = candidate.rank,
          .next_at = row.integer(4),
          .expires_at = row.maybe_integer(5),
          .run = row.integer(0),
          .attempt = row.integer(1),
          .run_attempt = row.integer(2),
          .failures = row.integer(3),
          .started_at = row.maybe_integer(16),
          .refused_at = row.maybe_integer(18),
          .patience_ms = row.maybe_integer(19),
          .resent_run = row.maybe_integer(20)};
  if (!row.is_null(17)) live.worker = row.text(17);
  BodyRow body{.seq = live.seq,
               .id_low = row.integer(6),
               .tenant = live.tenant,
               .lane = live.lane,
               .priority = row.integer(8),
               .max_attempts = row.integer(9),
               .scheduled_for = row.maybe_integer(10),
               .expires_at = row.maybe_integer(21),
               .name = row.text(7),
               .options = row.blob(12)};
  const auto submitted_at = row.integer(14);
  if (submitted_at != live.seq >> 12) body.submitted_at = submitted_at;
  Claim::Task task;
  task.rank = live.rank;
  task.expires_at = candidate.expires_at;
  task.run_attempt = static_cast<int>(live.run_attempt) + 1;
  task.failures = static_cast<int>(live.failures);
  task.ready_since = from_ms(live.next_at);
  task.id = task_id(live.seq, body.id_low);
  task.name = body.name;
  task.priority = static_cast<int>(body.priority);
  task.max_attempts = static_cast<int>(body.max_attempts);
  task.scheduled_for = maybe_time(body.scheduled_for);
  task.payload = row.text(13);
  task.submitted_at = from_ms(submitted_at);
  auto decoded = domain::decode_options(body.options);
  const auto checksum = row.integer(11);
  const bool columns_fit =
      fits(checksum >> 32, sum_of(body)) && fits(row.integer(15), sum_of(live));
  if (!decoded || !columns_fit ||
      body_checksum(body.name, body.options, task.payload) != (checksum & kTextChecksum)) {
    const auto* what = columns_fit ? "a task's body does not fit its checksum" : kColumnsDamaged;
    context_.report_damage({"bodies", candidate.seq, queue.tenant, task.id}, what);
    throw Damaged(what);
  }
  live.worker.reset();  // it ends with this statement
  task.options = std::move(*decoded);
  task.bytes = task.payload.size() + body.options.size();
  return task;
}

void Executor::claim_one(const Claim& command, const Candidate& candidate, const QueueRules& queue,
                         Timestamp now, std::vector<Claim::Task>& out) {
  LiveRow live{};
  auto task = read_candidate(candidate, queue, live);
  const auto attempt = live.attempt + 1;
  const auto ready_since = task.ready_since;
  Found known;
  known.run = live.run;
  task.tenant = queue.tenant;
  task.queue = queue.no;
  task.queue_name = queue.name;
  task.started_at = now;
  task.lease_until = now + command.lease;
  const auto timeout = task.options.timeout ? task.options.timeout : command.timeout;
  if (command.kind == LeaseKind::worker && timeout) {
    task.lease_until = std::min(task.lease_until, now + *timeout);
  }
  const auto status = domain::after(Status::pending, domain::TaskEvent::claimed);
  task.token = {static_cast<std::int32_t>(attempt),
                static_cast<std::int64_t>((secrets_.next() >> 1) | 1)};
  auto lease = context_.db.statement(sql::hot::lease);
  lease.bind(candidate.seq).bind(task.token.secret).bind(static_cast<int>(command.kind));
  lease.bind(to_ms(task.lease_until)).bind(to_ms(now));
  live.status = static_cast<int>(status);
  live.next_at = to_ms(task.lease_until);
  live.attempt = attempt;
  live.run_attempt = task.run_attempt;
  live.lease_secret = task.token.secret;
  live.lease_kind = static_cast<int>(command.kind);
  live.started_at = to_ms(now);
  if (command.holder.empty()) {
    lease.bind_null();
  } else {
    lease.bind_text(command.holder);
    live.worker = command.holder;
  }
  lease.bind(sum_of(live).value()).run();
  if (context_.db.changes() != 1) {
    constexpr auto kWhat = "an index names a task as ready that is not";
    context_.report_damage({"live", candidate.seq, queue.tenant, task.id}, kWhat);
    throw Damaged(kWhat);
  }
  context_.batch->change(queue.tenant_no,
                         {queue.tenant, task.id, queue.no, candidate.lane, Status::pending, status,
                          task.token.attempt, task.lease_until, now});
  SeriesEvent event{queue.tenant_no, queue.no.value, context_.batch->name_number(task.name),
                    SeriesEvent::Kind::started, now};
  if (task.run_attempt == 1) event.wait = now - ready_since;
  context_.batch->record(event);
  known.seq = candidate.seq;
  known.low = low_of(task.id.uuid);
  known.tenant_no = queue.tenant_no;
  known.lane = lane_key(queue.no, candidate.lane);
  known.name = task.name;
  known.priority = task.priority;
  known.status = status;
  known.attempt = attempt;
  known.secret = task.token.secret;
  known.next_at = to_ms(task.lease_until);
  if (task.expires_at) known.expires_at = to_ms(*task.expires_at);
  known.run_attempt = task.run_attempt;
  known.failures = task.failures;
  known.started_at = to_ms(now);
  if (!command.holder.empty()) known.worker = command.holder;
  remember(std::move(known));
  context_.batch->claimed(task.bytes);
  out.push_back(std::move(task));
}

// False: its row is damaged. It is passed by, and whoever hears of the report ends it.
bool Executor::claim_sound(const Claim& command, const Candidate& candidate,
                           const QueueRules& queue, Timestamp now, std::vector<Claim::Task>& out) {
  try {
    claim_one(command, candidate, queue, now, out);
    return true;
  } catch (const Damaged&) {
    return false;
  }
}

Result<Claim::Reply> Executor::run(const Claim& command) {
  refresh();
  const auto* queue = config_.queue(command.queue);
  if (queue == nullptr) return fail(ErrorCode::not_found, "there is no such queue");
  const auto* tenant = config_.tenant(queue->tenant);
  CHECK(tenant != nullptr);
  if (queue->paused) return Claim::Reply{{}, HeldBy::queue_paused};
  if (tenant->suspended) return Claim::Reply{{}, HeldBy::tenant_suspended};
  const auto& batch = *context_.batch;
  const auto tenant_room = tenant->running_max - batch.running_of_tenant(tenant->no);
  const auto queue_room =
      queue->limit ? *queue->limit - batch.total({tenant->no, queue->no.value, Status::running})
                   : tenant_room;
  const auto room = std::min(tenant_room, queue_room);
  const auto held =
      queue->limit && queue_room <= tenant_room ? HeldBy::queue_limit : HeldBy::tenant_limit;
  if (room <= 0) return Claim::Reply{{}, held};

  const auto now = context_.now_or(command.now);
  const auto wanted = static_cast<std::size_t>(std::clamp<std::int64_t>(command.max, 0, room));
  Claim::Reply reply;
  const auto claimed_before = batch.claimed_bytes();
  const auto bytes_max =
      command.room ? std::min(command.bytes_max, command.room->left()) : command.bytes_max;
  const auto has_bytes = [&] {
    return batch.claimed_bytes() - claimed_before < bytes_max &&
           batch.claimed_bytes() < domain::kClaimBytesACommit;
  };
  Candidate after{std::numeric_limits<std::int64_t>::min(),
                  std::numeric_limits<std::int64_t>::min(), domain::Lane::push, std::nullopt};
  std::size_t passed = 0;
  bool more = true;
  while (more && reply.tasks.size() < wanted && has_bytes() && passed <= kExpiredPassedMax) {
    const auto missing = wanted - reply.tasks.size();
    const auto limit = static_cast<int>(passed == 0 ? missing : std::max(missing, kLookedAtOnce));
    const auto found = candidates(command, limit, after);
    if (reply.tasks.empty()) reply.tasks.reserve(std::min(found.size(), missing));
    for (const auto& candidate : found) {
      if (!has_bytes() || reply.tasks.size() == wanted) break;
      if (candidate.expires_at && *candidate.expires_at <= now) {
        ++passed;
      } else if (!claim_sound(command, candidate, *queue, now, reply.tasks)) {
        ++passed;
      }
    }
    more = found.size() == static_cast<std::size_t>(limit);
    if (more) after = found.back();
  }
  if (command.room) command.room->hold(batch.claimed_bytes() - claimed_before);
  if (reply.tasks.size() < wanted) {
    reply.held_by = !has_bytes() ? HeldBy::bytes : more ? HeldBy::expired : HeldBy::empty;
  } else if (wanted < static_cast<std::size_t>(std::max(command.max, 0))) {
    reply.held_by = held;
  }
  return reply;
}

}  // namespace belfry::store::sqlite
