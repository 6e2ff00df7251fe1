#include "domain/state_machine.hpp"

#include "base/check.hpp"

namespace belfry::domain {

std::optional<Status> next(Status status, TaskEvent event) {
  const bool waits = status == Status::blocked || status == Status::scheduled;
  const bool ready = status == Status::pending;
  const bool runs = status == Status::running;
  const auto allow = [](bool allowed, Status to) {
    return allowed ? std::optional(to) : std::nullopt;
  };
  switch (event) {
    case TaskEvent::became_due:
      return allow(waits, Status::pending);
    case TaskEvent::claimed:
      return allow(ready, Status::running);
    case TaskEvent::lease_lost:
      return allow(runs, Status::pending);
    case TaskEvent::released:
      return allow(runs, Status::pending);
    case TaskEvent::put_off:
    case TaskEvent::attempt_failed:
      return allow(runs, Status::scheduled);
    case TaskEvent::attempts_used_up:
      return allow(runs, Status::failed);
    case TaskEvent::given_up:
      return allow(ready, Status::failed);
    case TaskEvent::completed:
      return allow(runs, Status::completed);
    case TaskEvent::cancelled:
      return allow(!is_terminal(status), Status::cancelled);
    // A running attempt is bounded by its timeout, not by expiresAt.
    case TaskEvent::expired:
      return allow(waits || ready, Status::expired);
    case TaskEvent::damaged:
      return allow(!is_terminal(status), Status::failed);
    case TaskEvent::retried_by_hand:
      return allow(is_terminal(status), Status::pending);
  }
  return std::nullopt;
}

Status after(Status status, TaskEvent event) {
  const auto to = next(status, event);
  CHECK(to.has_value());
  return *to;
}

Status at_submission(bool due_later) {
  return due_later ? Status::scheduled : Status::pending;
}

}  // namespace belfry::domain
