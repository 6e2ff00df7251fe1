#include <utility>

#include "base/check.hpp"
#include "domain/state_machine.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/executor.hpp"
#include "store/sqlite/stored_bytes.hpp"

namespace belfry::store::sqlite {

using domain::Status;

namespace {

std::optional<std::int64_t> maybe_ms(std::optional<Timestamp> time) {
  return time ? std::optional(to_ms(*time)) : std::nullopt;
}

std::int64_t bytes_of(const Submit& command, std::string_view options) {
  auto bytes = stored::task(command.task.name, options, command.task.payload);
  if (command.idempotency) {
    bytes += stored::key(command.idempotency->key, command.idempotency->fingerprint, {});
  }
  return bytes;
}

// Its texts are those of `task` and `options`.
BodyRow body_of(const domain::NewTask& task, std::int64_t tenant_no, std::int64_t lane,
                std::string_view options) {
  BodyRow row{.seq = seq_of(task.id.uuid),
              .id_low = low_of(task.id.uuid),
              .tenant = tenant_no,
              .lane = lane,
              .priority = task.priority,
              .max_attempts = task.max_attempts,
              .scheduled_for = maybe_ms(task.scheduled_for),
              .expires_at = maybe_ms(task.expires_at),
              .name = task.name,
              .options = options};
  if (IdGenerator::time_of(task.id.uuid) != task.submitted_at) {
    row.submitted_at = to_ms(task.submitted_at);
  }
  return row;
}

}  // namespace

Result<> Executor::check_room(const TenantRules& tenant, std::int64_t bytes) {
  const auto stored = context_.batch->stored_of_tenant(tenant.no);
  if (stored + bytes <= tenant.stored_max) return {};
  return fail(ErrorCode::quota_exceeded,
              fmt::format("storedBytesMax: this tenant keeps {} bytes of the {} that it may keep, "
                          "and this needs {} more; finished tasks count until they are pruned: "
                          "send less at a time, wait, or ask the operator for more",
                          stored, tenant.stored_max, bytes));
}

std::optional<Result<Submit::Reply>> Executor::replay(const Submit& command,
                                                      std::int64_t tenant_no) {
  auto row = context_.db.statement(sql::hot::idempotency);
  row.bind(tenant_no).bind_text(command.idempotency->key);
  if (!row.step()) return std::nullopt;
  replaced_bytes_ = row.integer(5);
  const auto age = command.task.submitted_at - from_ms(row.integer(1));
  if (age >= domain::kIdempotencyLife) return std::nullopt;
  const bool of_a_task = !row.is_null(3);
  if (!of_a_task || row.blob(0) != command.idempotency->fingerprint) {
    return fail(ErrorCode::idempotency_mismatch,
                "this Idempotency-Key was used for another request; choose a new key");
  }
  if (row.is_null(4)) return std::nullopt;  // kept by an older binary, and its task is gone
  return Submit::Reply{task_id(row.integer(3), row.integer(4)), static_cast<Status>(row.integer(2)),
                       true};
}

bool Executor::exists(std::int64_t seq) {
  return context_.db.statement(sql::hot::body_exists).bind(seq).step();
}

void Executor::add_body(const BodyRow& row, std::string_view payload) {
  context_.db.statement(sql::hot::add_body)
      .bind(row.seq)
      .bind(row.id_low)
      .bind(row.tenant)
      .bind(row.lane)
      .bind_text(row.name)
      .bind(row.priority)
      .bind(row.max_attempts)
      .bind(row.scheduled_for)
      .bind(row.expires_at)
      .bind(body_checksum(row.name, row.options, payload) | sum_of(row).value() << 32)
      .bind_blob(row.options)
      .bind_text(payload)
      .run();
}

void Executor::add_live(const LiveRow& row) {
  context_.db.statement(sql::hot::add_live)
      .bind(row.seq)
      .bind(row.tenant)
      .bind(row.lane)
      .bind(row.status)
      .bind(row.rank)
      .bind(row.next_at)
      .bind(row.expires_at)
      .bind(sum_of(row).value())
      .run();
}

void Executor::remember_key(const IdempotencyKey& key, std::int64_t tenant_no,
                            const domain::NewTask& task, Status status) {
  context_.db.statement(sql::hot::remember_key)
      .bind(tenant_no)
      .bind_text(key.key)
      .bind_blob(key.fingerprint)
      .bind(to_ms(task.submitted_at))
      .bind(seq_of(task.id.uuid))
      .bind(low_of(task.id.uuid))
      .bind(static_cast<int>(status))
      .run();
}

Result<const QueueRules*> Executor::queue_for(const Submit& command, const TenantRules& tenant) {
  const auto& task = command.task;
  if (const auto* queue = config_.queue(tenant.no, task.queue)) return queue;
  if (config_.count_queues(tenant.no) >= domain::kQueuesMax) {
    return fail(ErrorCode::quota_exceeded,
                fmt::format("a tenant has at most {} queues", domain::kQueuesMax));
  }
  // The last reason to refuse, looked at before the first write.
  if (exists(seq_of(task.id.uuid))) return fail(ErrorCode::conflict, "the task id is taken");
  context_.batch->queue_added(command.task.tenant);
  return &config_.add_queue(tenant.no, task.queue, task.submitted_at);
}

Result<Submit::Reply> Executor::run(const Submit& command) {
  refresh();
  const auto& task = command.task;
  const auto* tenant = config_.tenant(task.tenant);
  if (tenant == nullptr) return fail(ErrorCode::not_found, "there is no such tenant");
  replaced_bytes_ = 0;
  if (command.idempotency) {
    if (auto earlier = replay(command, tenant->no)) return std::move(*earlier);
  }
  if (tenant->suspended) return fail(ErrorCode::forbidden, "the tenant is suspended");
  if (context_.batch->unfinished_of_tenant(tenant->no) >= tenant->unfinished_max) {
    return fail(ErrorCode::quota_exceeded,
                fmt::format("{} unfinished tasks are the most that this tenant may have",
                            tenant->unfinished_max));
  }
  const auto options = domain::encode(task.options);
  const auto bytes = bytes_of(command, options);
  if (auto room = check_room(*tenant, bytes); !room) return fail(room.error());
  const auto found = queue_for(command, *tenant);
  if (!found) return fail(found.error());
  const auto& queue = **found;

  const auto seq = seq_of(task.id.uuid);
  const auto now = task.submitted_at;
  const auto ready_at = task.scheduled_for.value_or(now);
  const bool waits = ready_at > now;
  const auto status = domain::at_submission(waits);
  const auto next_at = waits ? ready_at : now;
  const auto kind = domain::lane_of(task.options.target);
  const auto lane = lane_key(queue.no, kind);
  const auto body = body_of(task, tenant->no, lane, options);
  add_body(body, task.payload);
  if (context_.db.changes() == 0) return fail(ErrorCode::conflict, "the task id is taken");
  if (body.submitted_at) {
    context_.db.statement(sql::hot::add_submitted).bind(seq).bind(*body.submitted_at).run();
  }
  context_.batch->store_bytes(tenant->no, bytes - std::exchange(replaced_bytes_, 0));
  add_live({.seq = seq,
            .tenant = tenant->no,
            .lane = lane,
            .status = static_cast<int>(status),
            .rank = domain::rank(ready_at, task.priority, queue.aging),
            .next_at = to_ms(next_at),
            .expires_at = maybe_ms(task.expires_at)});
  if (command.idempotency) remember_key(*command.idempotency, tenant->no, task, status);
  if (!tenant->used) config_.mark_used(task.tenant, now);
  newest_seq_ = std::max(newest_seq_, seq);
  context_.batch->change(
      tenant->no, {task.tenant, task.id, queue.no, kind, std::nullopt, status, 0, next_at, now});
  auto& batch = *context_.batch;
  batch.record({tenant->no, queue.no.value, batch.name_number(task.name),
                SeriesEvent::Kind::submitted, now});
  post(command.outbox, task.tenant, task.id, now);
  return Submit::Reply{task.id, status, false};
}

}  // namespace belfry::store::sqlite
