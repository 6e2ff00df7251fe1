#pragma once

#include "base/clock.hpp"
#include "store/sqlite/batch.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/numbers.hpp"

namespace belfry::store::sqlite {

// What every noun's class gets (by value; its members outlive the class). `batch` is null on a
// reader: the *Reads classes never touch it. Writes tell it what changed (see Batch): new runs and
// pruned tasks their totals, tenants, queues and endpoints `configuration_changed`, new, released
// and redelivered deliveries `deliveries_added`.
//
// Classes: TaskRows (TaskReads), TenantRows, QueueRows, ApiKeyRows, EndpointRows, DeliveryRows,
// MetricRows, SigningKeyRows for reads, each in <noun>_rows.hpp; TaskEdits (TaskWrites),
// TenantEdits, QueueEdits, ApiKeyEdits, EndpointEdits, DeliveryEdits, SigningKeyEdits,
// IdempotencyEdits for writes, each in <noun>_edits.hpp; nouns: task, tenant, queue, api_key,
// endpoint, delivery, metric, signing_key, idempotency. Each has `explicit X(Context)`.
// SqliteSnapshot and SqliteTransaction (snapshot.hpp) hold one of each.
struct Context {
  Database& db;
  const Clock& clock;
  Numbers& numbers;
  Batch* batch = nullptr;
  DamageReports* damage = nullptr;

  void report_damage(const DamagedRow& row, std::string_view what) const {
    if (damage != nullptr) damage->report(row, what);
  }
  Timestamp now_or(std::optional<Timestamp> now) const { return now ? *now : clock.now(); }
};

// Keys of rows.
inline std::int64_t lane_key(QueueNo queue, domain::Lane lane) {
  return queue.value * 4 + static_cast<std::int64_t>(lane);
}
inline QueueNo queue_of_lane(std::int64_t lane) {
  return QueueNo{lane / 4};
}
inline domain::Lane kind_of_lane(std::int64_t lane) {
  return static_cast<domain::Lane>(lane % 4);
}
inline std::int64_t seq_of(const Uuid& uuid) {
  return compact_high(uuid.high);
}
inline std::int64_t low_of(const Uuid& uuid) {
  return static_cast<std::int64_t>(uuid.low);
}
inline TaskId task_id(std::int64_t seq, std::int64_t low) {
  return TaskId{Uuid{expand_high(seq), static_cast<std::uint64_t>(low)}};
}
// 16 bytes, big-endian, for the id columns of the other nouns; and back (Broken on another size).
std::string uuid_bytes(const Uuid& uuid);
Uuid uuid_from(std::string_view bytes);

inline constexpr auto kColumnsDamaged = "a task's columns do not fit their checksum";
// The lower half of `checksum`; the upper one is over the other columns, see row_sum.hpp.
inline constexpr std::int64_t kTextChecksum = 0xffffffff;
// CRC of what was submitted; compared on every read of a body (Damaged when it differs).
std::uint32_t body_checksum(std::string_view name, std::string_view options,
                            std::string_view payload);
// The same of what a run ended with.
std::uint32_t outcome_checksum(domain::Status status, std::string_view error,
                               std::string_view result);

}  // namespace belfry::store::sqlite
