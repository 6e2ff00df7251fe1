#include "store/sqlite/executor.hpp"

#include <cstring>

#include "base/check.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/stored_bytes.hpp"

namespace belfry::store::sqlite {

std::uint64_t SecretNumbers::next() {
  if (seeded_ != nullptr) return seeded_->next_u64();
  if (bytes_.size() < sizeof(std::uint64_t)) bytes_ = secure_random_bytes(4'096);
  std::uint64_t number = 0;
  std::memcpy(&number, bytes_.data() + bytes_.size() - sizeof(number), sizeof(number));
  bytes_.resize(bytes_.size() - sizeof(number));
  return number;
}

namespace {

constexpr std::size_t kRunningMax = 20'000;

}  // namespace

Executor::Executor(Context context, Random* random)
    : context_(context), config_(context.db), secrets_(random) {
  load_progress();
}

void Executor::load_progress() {
  auto row = context_.db.statement(sql::hot::with_progress);
  while (row.step()) with_progress_.insert(row.integer(0));
}

void Executor::forget() {
  running_.clear();
  progress_ended_.clear();
}

void Executor::committed() {
  for (const auto seq : progress_ended_) with_progress_.erase(seq);
  progress_ended_.clear();
}

void Executor::remember(Found task) {
  if (running_.size() >= kRunningMax) running_.clear();
  const auto seq = task.seq;
  running_.insert_or_assign(seq, std::move(task));
}

void Executor::refresh() {
  if (context_.batch->take_configuration_stale()) config_.forget();
}

Result<const Executor::Found*> Executor::find(TenantId tenant, TaskId id, Soundness wanted) {
  refresh();
  const auto* rules = config_.tenant(tenant);
  const auto missing = [] { return fail(ErrorCode::not_found, "there is no such task"); };
  const auto seq = seq_of(id.uuid);
  if (rules == nullptr || expand_high(seq) != id.uuid.high) return missing();
  if (const auto known = running_.find(seq); known != running_.end()) {
    if (known->second.tenant_no != rules->no || known->second.low != low_of(id.uuid)) {
      return missing();
    }
    return &known->second;
  }
  auto& task = scratch_ = Found{};
  task.seq = seq;
  auto row = context_.db.statement(sql::hot::find);
  row.bind(task.seq);
  if (!row.step()) return missing();
  task.low = row.integer(0);
  task.tenant_no = row.integer(1);
  if (task.tenant_no != rules->no || task.low != low_of(id.uuid)) return missing();
  task.sound = row.integer(15) != 0;
  if (!task.sound && wanted == Soundness::needed) {
    context_.report_damage({"bodies", seq, tenant, id}, kColumnsDamaged);
    throw Damaged(kColumnsDamaged);
  }
  task.lane = row.integer(2);
  task.name = row.text(3);
  task.priority = static_cast<int>(row.integer(4));
  if (row.is_null(5)) return &task;
  task.status = status_at(row, 5);
  task.attempt = row.integer(6);
  task.secret = row.integer(7);
  task.next_at = row.integer(8);
  task.expires_at = row.maybe_integer(9);
  task.run = row.integer(10);
  task.run_attempt = row.integer(11);
  task.failures = row.integer(12);
  task.started_at = row.maybe_integer(13);
  if (!row.is_null(14)) task.worker = row.text(14);
  return &task;
}

void Executor::require_changed(const Found& task) {
  if (context_.db.changes() == 1) return;
  constexpr auto kWhat = "an unfinished task's row is not the one that was written";
  context_.report_damage({"live", task.seq, context_.numbers.tenant_id(task.tenant_no), task.id()},
                         kWhat);
  running_.erase(task.seq);
  throw Damaged(kWhat);
}

void Executor::record(const Found& task, SeriesEvent::Kind kind, Timestamp at, bool measure_run) {
  SeriesEvent event{task.tenant_no, queue_of_lane(task.lane).value,
                    context_.batch->name_number(task.name), kind, at};
  if (measure_run && task.started_at) event.run = at - from_ms(*task.started_at);
  context_.batch->record(event);
}

void Executor::change(const Found& task, domain::Status to, Timestamp at, Timestamp next_at) {
  const auto queue = queue_of_lane(task.lane);
  context_.batch->change(task.tenant_no, {context_.numbers.tenant_id(task.tenant_no), task.id(),
                                          queue, kind_of_lane(task.lane), task.status, to,
                                          static_cast<std::int32_t>(task.attempt), next_at, at});
}

void Executor::write_outcome(const Found& task, const Ending& ending) {
  auto row = context_.db.statement(sql::hot::add_outcome);
  row.bind(task.seq).bind(task.tenant_no).bind(static_cast<int>(ending.status));
  row.bind(to_ms(ending.at)).bind(task.started_at).bind(task.run).bind(task.attempt);
  row.bind(task.run_attempt).bind(ending.failures).bind(ending.secret);
  RowSum sum(13);
  sum.add(task.seq).add(task.tenant_no).add(static_cast<int>(ending.status)).add(to_ms(ending.at));
  sum.add(task.started_at).add(task.run).add(task.attempt).add(task.run_attempt);
  sum.add(ending.failures).add(ending.secret).add(ending.http_status).add_text(task.worker);
  ending.error.empty() ? sum.add_null() : sum.add_text(ending.error);
  // What a damaged row said stays damaged: -1 fits nothing.
  row.bind(ending.http_status | (task.sound ? sum.value() : -1) << 32);
  if (task.worker) {
    row.bind_text(*task.worker);
  } else {
    row.bind_null();
  }
  for (const auto text : {ending.error, ending.result}) {
    if (text.empty()) {
      row.bind_null();
    } else {
      row.bind_text(text);
    }
  }
  row.bind(std::int64_t{outcome_checksum(ending.status, ending.error, ending.result)}).run();
  context_.batch->store_bytes(task.tenant_no, stored::outcome(ending.error, ending.result));
  if (with_progress_.contains(task.seq)) {
    progress_ended_.push_back(task.seq);
    context_.db.statement(sql::hot::remove_progress).bind(task.seq).run();
  }
}

void Executor::post(const Outbox& outbox, TenantId tenant, TaskId id, Timestamp now) {
  if (outbox.drafts.empty()) return;
  const auto* rules = config_.tenant(tenant);
  CHECK(rules != nullptr);
  for (const auto& draft : outbox.drafts) {
    for (const auto& [endpoint, events] : rules->endpoints) {
      if ((events & domain::bit(draft.type)) != 0) deliver(draft, *rules, id, endpoint, {}, now);
    }
    if (domain::is_terminal(draft.type) && !outbox.callback_url.empty()) {
      deliver(draft, *rules, id, 0, outbox.callback_url, now);
    }
  }
}

void Executor::deliver(const domain::EventDraft& draft, const TenantRules& tenant, TaskId id,
                       std::int64_t endpoint, std::string_view url, Timestamp now) {
  const auto seq = seq_of(id.uuid);
  std::int64_t sequence = 1;
  bool held = false;
  {
    auto last = context_.db.statement(sql::hot::last_delivery);
    last.bind(seq).bind(endpoint);
    CHECK(last.step());
    sequence = last.maybe_integer(0).value_or(0) + 1;
    held = last.maybe_integer(1).value_or(0) != 0;
  }
  // A UUIDv7: the time for people, the rest random.
  const Uuid uuid{static_cast<std::uint64_t>(to_ms(now)) << 16 | 0x7000 | (secrets_.next() & 0xfff),
                  secrets_.next() >> 2 | 0x8000000000000000ULL};
  const auto bytes = uuid_bytes(uuid);
  auto row = context_.db.statement(sql::hot::add_delivery);
  row.bind_blob(bytes).bind(tenant.no).bind(seq).bind(low_of(id.uuid)).bind(endpoint);
  row.bind_text(url).bind(static_cast<int>(draft.type)).bind(sequence).bind_text(draft.body);
  row.bind(held ? 0 : 1).bind(to_ms(now));
  row.bind(held ? std::nullopt : std::optional(to_ms(now))).run();
  context_.batch->store_bytes(tenant.no, stored::delivery(url, draft.body));
  context_.batch->deliveries_added();
}

}  // namespace belfry::store::sqlite
