#pragma once

#include <cstdint>
#include <optional>

#include "domain/task.hpp"

namespace belfry::domain {

// Everything that can happen to a task (DESIGN section 2). The one place that says what follows.
enum class TaskEvent : std::uint8_t {
  became_due,        // its time has come, or what blocked it is done
  claimed,           // a lease was given
  lease_lost,        // the lease ended unanswered; attempts are left
  released,          // handed back unharmed (drain)
  put_off,           // handed back unharmed, until a later time (its destination is busy)
  attempt_failed,    // attempts are left: backs off, if only for a moment
  attempts_used_up,  // failed or lost for the last time, or for good
  given_up,          // its destination has taken no call for too long
  completed,
  cancelled,
  expired,          // expiresAt passed before an attempt could start
  retried_by_hand,  // a new run
  damaged,          // what is stored of it is not what was written
};
inline constexpr int kTaskEventCount = 13;

// The status after `event`, or nothing if the event cannot happen in `status`.
std::optional<Status> next(Status status, TaskEvent event);

// The same where the caller has made sure that it can happen; aborts if it cannot.
Status after(Status status, TaskEvent event);

// The status that a submitted task begins in.
Status at_submission(bool due_later);

}  // namespace belfry::domain
