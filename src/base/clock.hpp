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
};

// Wall time read once at construction plus the monotonic clock: a step of the machine's wall clock
// moves nothing while the process lives (DESIGN section 5, PROMISES P18). `skew()` tells how far
// the wall clock has moved away since.
class AnchoredClock final : public Clock {
 public:
  AnchoredClock();
  // Never starts below `not_before` (the newest time that the store has recorded).
  explicit AnchoredClock(Timestamp not_before);
  // The same, for one that was needed before the store could be asked. Before other threads use it.
  void start_not_before(Timestamp time);
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  Millis skew() const;

 private:
  Timestamp wall_at_start_;
  std::chrono::steady_clock::time_point steady_at_start_;
};

// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp{Millis{1'700'000'000'000}});
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  void advance(Millis by);

 private:
  std::atomic<std::int64_t> now_ms_;
};

inline std::int64_t to_ms(Timestamp t) {
  return t.time_since_epoch().count();
}
inline Timestamp from_ms(std::int64_t ms) {
  return Timestamp{Millis{ms}};
}

}  // namespace belfry
