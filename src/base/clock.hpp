#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace belfry {

// A point in UTC with millisecond resolution: what is stored and what goes over the wire.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using Millis = std::chrono::milliseconds;

// The only source of time. Passed by reference from server/; tests pass a ManualClock.
// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // UTC now. Due times, leases and records compare on this one.
  virtual Timestamp now() const = 0;
  // Monotonic; for local waits and durations only.
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
  // True while the wall clock of this start contradicts what the store has recorded: what cannot be
  // undone (pruning, expiry) waits until that is settled.
  virtual bool in_doubt() const { return false; }
};

// Wall time read once at construction plus the monotonic clock: a step of the machine's wall clock
// moves nothing while the process lives. `skew()` is how far the wall clock has moved away since.
class AnchoredClock final : public Clock {
 public:
  AnchoredClock();
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  bool in_doubt() const override { return in_doubt_.load(std::memory_order_relaxed); }
  void set_in_doubt(bool in_doubt) { in_doubt_ = in_doubt; }
  Millis skew() const;

 private:
  Timestamp wall_at_start_;
  std::chrono::steady_clock::time_point steady_at_start_;
  std::atomic<bool> in_doubt_{false};
};

// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp{Millis{1'700'000'000'000}});
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  bool in_doubt() const override { return in_doubt_; }
  void set_in_doubt(bool in_doubt) { in_doubt_ = in_doubt; }
  void advance(Millis by);  // back, too, as a new start under another wall clock

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<bool> in_doubt_{false};
};

inline std::int64_t to_ms(Timestamp t) {
  return t.time_since_epoch().count();
}
inline Timestamp from_ms(std::int64_t ms) {
  return Timestamp{Millis{ms}};
}

}  // namespace belfry
