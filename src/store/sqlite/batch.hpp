#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/task.hpp"
#include "store/backend.hpp"

namespace belfry::store::sqlite {

// A cell of the table `totals`.
struct TotalKey {
  std::int64_t tenant_no = 0;
  std::int64_t queue_no = 0;
  domain::Status status = domain::Status::pending;
  bool operator==(const TotalKey&) const = default;
};
struct TotalKeyHash {
  std::size_t operator()(const TotalKey& key) const noexcept {
    const auto mixed = static_cast<std::uint64_t>(key.tenant_no) * 0x9e3779b97f4a7c15ULL ^
                       static_cast<std::uint64_t>(key.queue_no) * 0xc2b2ae3d27d4eb4fULL;
    return static_cast<std::size_t>(mixed ^ (mixed >> 29)) * 8 +
           static_cast<std::size_t>(key.status);
  }
};

// One thing that the time series count.
struct SeriesEvent {
  enum class Kind : std::uint8_t {
    submitted,
    started,
    completed,
    failed,
    retried,
    cancelled,
    expired,
    attempt,  // only measures `run`
    put_off,  // what was counted as started was not
  };
  std::int64_t tenant_no = 0;
  std::int64_t queue_no = 0;
  std::uint32_t name = 0;  // of the task: Batch::name_number()
  Kind kind = Kind::submitted;
  Timestamp at;
  std::optional<Millis> wait = std::nullopt;  // due until started, first attempts only
  std::optional<Millis> run = std::nullopt;   // started until finished
};

// What the running transaction has done so far, beside its rows: kept in memory, undone to a mark
// when a savepoint rolls back, written (totals, series) once at its end. Writer only.
class Batch {
 public:
  // Every change of a task's status goes through here: TaskChange for the listeners, and totals.
  // `change.from` absent: a new task.
  void change(std::int64_t tenant_no, TaskChange change);
  // A change of totals that is no change of status: pruned tasks (delta -1 a row).
  void count(const TotalKey& key, std::int64_t delta);
  // Rows were written or removed; see stored_bytes.hpp.
  void store_bytes(std::int64_t tenant_no, std::int64_t delta);
  std::int64_t stored_of_tenant(std::int64_t tenant_no) const;
  void record(const SeriesEvent& event) { events_.push_back(event); }
  // A short number for a task's name; holds until the batch ends.
  std::uint32_t name_number(const std::string& name);
  // The tenant, a queue or an endpoint of it changed: the directory reloads what it holds of this
  // tenant, and the writer what it keeps.
  void configuration_changed(TenantId tenant) {
    queue_added(tenant);
    configuration_stale_ = true;
  }
  void queue_added(TenantId tenant) {  // by a Submit, which knows it
    committed_.configuration_changed = true;
    committed_.changed_tenants.push_back(tenant);
  }
  void deliveries_added() { committed_.deliveries_added = true; }
  void claimed(std::size_t bytes) { claimed_bytes_ += bytes; }
  std::size_t claimed_bytes() const { return claimed_bytes_; }  // by all claims so far

  // --- for the writer ---
  struct Mark {
    std::size_t changes, counts, stored, events, changed_tenants;
    bool deliveries_added;
  };
  Mark mark() const;
  void roll_back(const Mark& mark);
  void roll_back_all();
  std::int64_t total(const TotalKey& key) const;  // as the transaction sees it
  std::int64_t running_of_tenant(std::int64_t tenant_no) const;
  std::int64_t unfinished_of_tenant(std::int64_t tenant_no) const;
  void load_stored(std::int64_t tenant_no, std::int64_t bytes) {
    tenants_[tenant_no].stored = bytes;
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> changed_stored() const;  // new values
  void load_total(const TotalKey& key, std::int64_t value);                   // at open
  std::vector<std::pair<TotalKey, std::int64_t>> changed_totals() const;      // new values
  const std::vector<SeriesEvent>& events() const { return events_; }
  const std::vector<std::string>& names() const { return names_; }  // by name_number()
  bool take_configuration_stale() { return std::exchange(configuration_stale_, false); }
  Committed finish();  // after the commit

 private:
  using Lane = std::pair<std::int64_t, std::int64_t>;  // tenant and queue
  struct LaneHash {
    std::size_t operator()(const Lane& lane) const noexcept;
  };
  using Counts = std::array<std::int64_t, domain::kStatusCount>;
  struct TenantCounts {
    std::int64_t running = 0, unfinished = 0, stored = 0;
  };
  void add(const TotalKey& key, std::int64_t delta);

  Committed committed_;
  bool configuration_stale_ = false;
  std::size_t claimed_bytes_ = 0;
  std::vector<std::pair<TotalKey, std::int64_t>> counts_;      // journal of deltas
  std::vector<std::pair<std::int64_t, std::int64_t>> stored_;  // the same of bytes, by tenant
  std::vector<SeriesEvent> events_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint32_t> name_numbers_;
  std::unordered_map<Lane, Counts, LaneHash> totals_;
  std::unordered_map<std::int64_t, TenantCounts> tenants_;
  // The cells touched last: most batches are of few queues. (Nodes of these maps do not move.)
  Lane last_lane_{-1, -1};
  Counts* last_counts_ = nullptr;
  TenantCounts* last_tenant_ = nullptr;
};

}  // namespace belfry::store::sqlite
