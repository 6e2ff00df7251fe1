#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace belfry::server {

// What the operating system knows of its wall clock.
enum class KernelClock : std::uint8_t { synchronised, not_synchronised, unknown };
KernelClock kernel_clock();

// Puts a clock in doubt whose start contradicts the newest time that the store has recorded: it is
// behind by more than two seconds, or ahead by more than a day. Due times, leases, tokens and
// signatures follow the clock nevertheless; what cannot be undone waits (Clock::in_doubt). The
// doubt ends when the kernel says that its clock is synchronised, when an operator accepts the
// clock, or after a day of running. Thread-safe.
class ClockWatch {
 public:
  using Steady = std::chrono::steady_clock;
  ClockWatch(AnchoredClock& clock, std::optional<Timestamp> newest_recorded,
             std::function<KernelClock()> kernel = kernel_clock,
             std::function<Steady::time_point()> running = Steady::now);

  // To be called each second or so. True if the doubt has just ended: the store may record the
  // time.
  bool look();
  // An operator's word. True if there was a doubt.
  bool accept();
  // What health answers say beside "pass", in words; empty if there is nothing to say.
  std::string notes() const;

 private:
  bool end_doubt(const char* why);

  AnchoredClock& clock_;
  std::function<KernelClock()> kernel_;
  std::function<Steady::time_point()> running_;
  Steady::time_point started_;
  mutable std::mutex mutex_;
  std::string doubt_;  // what is wrong; empty: nothing
  bool skewed_ = false;
};

}  // namespace belfry::server
