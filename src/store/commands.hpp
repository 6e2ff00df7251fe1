#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/id.hpp"
#include "domain/event.hpp"
#include "domain/queue.hpp"
#include "domain/task.hpp"

// The hot operations. The gateway runs many of them in one transaction; each has a result of its
// own, and one that fails changes nothing and harms no other. Absent `now` means the database's
// clock.
namespace belfry::store {

using domain::QueueNo;

// What to put into the outbox with a change. A draft becomes a delivery for every enabled endpoint
// of the tenant whose filter wants its type, and, if terminal, for `callback_url` when not empty.
// Nothing is written where nobody asked.
struct Outbox {
  std::vector<domain::EventDraft> drafts;
  std::string callback_url;
};

// Ties a resource to the client's Idempotency-Key for 24 h (PROMISES P2).
struct IdempotencyKey {
  std::string key;          // as sent, unquoted; 1..255 bytes
  std::string fingerprint;  // SHA-256 of method, path and body; 32 bytes
};

// Adds tasks, all or none (a bulk is many Submits, each on its own). Creates the queue on first
// use. Errors: quota_exceeded (unfinished_max, kQueuesMax), forbidden (tenant suspended),
// idempotency_mismatch, idempotency_in_progress is never needed (one writer decides).
struct Submit {
  domain::NewTask task;
  std::optional<IdempotencyKey> idempotency;
  Outbox outbox;
  struct Reply {
    TaskId id;                                        // of the earlier task when replayed
    domain::Status status = domain::Status::pending;  // as it was created
    bool replayed = false;
  };
};

// A lease on one attempt. `secret` is random: a token from before a restore never fits.
struct LeaseToken {
  std::int32_t attempt = 0;  // rises strictly over the task's life
  std::int64_t secret = 0;   // positive
  bool operator==(const LeaseToken&) const = default;
};

enum class LeaseKind : std::uint8_t {
  push = 0,      // renewed by this process; ends when the process starts again
  accepted = 1,  // the target said 202; it calls back with the lease
  worker = 2,
};

inline constexpr unsigned lane_bit(domain::Lane lane) {
  return 1U << static_cast<unsigned>(lane);
}

// Where a claimer keeps what it claims. Called while the claim runs, on the store's thread, and
// again if the transaction is run again.
class ClaimRoom {
 public:
  virtual ~ClaimRoom() = default;
  virtual std::size_t left() const = 0;      // bytes more that the claimer may hold now
  virtual void hold(std::size_t bytes) = 0;  // what this claim took
};

// Takes up to `max` ready tasks of a queue in order of rank, merged over the lanes in the mask.
// Honours pause, suspension and the running limits of queue and tenant; leaves out tasks whose
// expiresAt has passed, and passes by a bounded number of those. Ends early, after the first task
// at the earliest, once what it took weighs `bytes_max`; takes nothing once the claims of its
// transaction weigh kClaimBytesACommit.
struct Claim {
  QueueNo queue;
  unsigned lanes = 0;  // lane_bit()s
  int max = 1;
  std::size_t bytes_max = domain::kClaimBytesMax;  // 0: nothing is taken
  std::shared_ptr<ClaimRoom> room = nullptr;       // if set, no more than it has left
  Millis lease{15'000};
  // A worker's lease never outlives its attempt's timeout: the task's, else this (its queue's).
  std::optional<Millis> timeout;
  LeaseKind kind = LeaseKind::push;
  std::string holder;  // worker name (shown), or empty
  std::optional<Timestamp> now;

  struct Task {
    TaskId id;
    TenantId tenant;
    QueueNo queue;
    std::string queue_name;
    std::string name;
    std::string payload;
    int priority = 0;
    int max_attempts = 0;
    domain::TaskOptions options;
    std::int64_t rank = 0;  // among ready tasks of its tenant: smaller runs first
    Timestamp ready_since;
    Timestamp submitted_at;
    std::optional<Timestamp> scheduled_for;
    std::optional<Timestamp> expires_at;
    Timestamp started_at;  // of this attempt
    Timestamp lease_until;
    LeaseToken token;
    int run_attempt = 1;    // 1 for the first attempt of this run, lost ones counted
    int failures = 0;       // failed or lost attempts of this run before this one (`retryCount`)
    std::size_t bytes = 0;  // what it weighs: payload and options
  };
  enum class HeldBy : std::uint8_t {
    nothing,  // `max` was reached: there may be more
    empty,    // no more ready tasks in these lanes
    queue_paused,
    tenant_suspended,
    bytes,        // the limit of the claim or of its transaction; there may be more at once
    expired,      // by as many expired tasks in front as one claim passes by, until they ended
    queue_limit,  // running at the queue's concurrency limit
    tenant_limit,
  };
  struct Reply {
    std::vector<Task> tasks;
    HeldBy held_by = HeldBy::nothing;
  };
};

// Ends an attempt. The token is compared in the statement that writes: stale_lease if it is not the
// newest attempt's or the task is not running; not_found for a foreign or unknown id.
enum class Verdict : std::uint8_t {
  completed,
  retry,      // failed, attempts are left: SCHEDULED at `next_at` (PENDING at once if absent)
  failed,     // for good
  lost,       // the lease ended: PENDING again, the attempt counts; only once it has really expired
  lost_last,  // the same with attempts used up: FAILED
  released,   // handed back unharmed: PENDING again, or SCHEDULED at `next_at`; does not count
};

// Where a task waits whose destination takes no call now: PENDING and ready since `ready_since`,
// but passed over by claims until DestinationWrites::unpark makes it claimable again.
struct Parking {
  std::string origin, handler;  // as in DestinationName
  Timestamp ready_since;
  // Refused by an open destination: open since then; absent: the destination is busy.
  std::optional<Timestamp> open_since;
  Millis patience{0};  // how long a destination that stays open may refuse it before it is given up
};

struct Finish {
  TenantId tenant;
  TaskId id;
  LeaseToken token;
  Verdict verdict = Verdict::completed;
  // Released before anything was sent: no attempt is recorded, and its number is given back.
  bool unsent = false;
  std::optional<Parking> parking;  // of an unsent one
  std::optional<Timestamp> next_at;
  std::string result;   // raw JSON text; empty: none
  std::string error;    // for people, at most kErrorBytesMax
  int http_status = 0;  // of the push's answer; 0: none
  Outbox outbox;
  std::optional<Timestamp> now;
  struct Reply {
    domain::Status status = domain::Status::completed;
    Timestamp at;
  };
};

// The peer ended a kept connection instead of answering, most probably without reading the
// request: ends the attempt uncounted (as `released`, with `error`) and begins the run's next one,
// with a new number and a new lease, in one step. Fenced like Finish; invalid_state if this run has
// had such an end before.
struct SendAgain {
  TenantId tenant;
  TaskId id;
  LeaseToken token;
  Millis lease{15'000};
  std::string error;
  std::optional<Timestamp> now;
  struct Reply {
    LeaseToken token;
    Timestamp started_at, lease_until;
  };
};

// What is not said stays as it was said before.
struct Progress {
  std::optional<int> percent;  // 0..100
  std::optional<std::string> text;
  std::vector<std::string> log_lines;
};

// Extends a lease; never shortens it, but when it is accepted: then `extend` counts from now. If
// the task was cancelled while this very attempt ran, answers cancel_requested instead of an error.
// Fenced like Finish.
struct Renew {
  TenantId tenant;
  TaskId id;
  LeaseToken token;
  Millis extend{30'000};
  std::optional<Timestamp> not_beyond;  // when the attempt's timeout is over
  bool accepted = false;  // the push was answered 202: the lease's kind becomes `accepted`
  std::optional<Progress> progress;
  Outbox outbox;  // of task.started, which is told before the push goes out
  std::optional<Timestamp> now;
  struct Reply {
    Timestamp lease_until;
    bool cancel_requested = false;
  };
};

// Ends a task from outside: CANCELLED from any unfinished state, FAILED likewise (its stored data
// are damaged) or only while it is parked, EXPIRED from SCHEDULED or PENDING whose expiresAt has
// passed. invalid_state if finished already (or running, for EXPIRED; or not parked).
struct End {
  TenantId tenant;
  TaskId id;
  domain::Status status = domain::Status::cancelled;
  bool only_parked = false;  // FAILED: because its destination has taken no call for too long
  std::string error;
  Outbox outbox;
  std::optional<Timestamp> now;
  struct Reply {
    Timestamp at;
    bool was_running = false;
  };
};

// SCHEDULED tasks whose time has come become PENDING, oldest first; where there are more than
// `max`, their tenants take turns.
struct MoveDue {
  int max = 1'000;
  std::optional<Timestamp> now;
  struct Reply {
    int moved = 0;                      // == max: call again
    std::optional<Timestamp> next_due;  // of what remains
  };
};

// A task made it from one state to another: what the loops, long polls and live events react to.
struct TaskChange {
  TenantId tenant;
  TaskId id;
  QueueNo queue;
  domain::Lane lane = domain::Lane::by_queue_default;
  std::optional<domain::Status> from;  // absent: just submitted
  domain::Status to = domain::Status::pending;
  std::int32_t attempt = 0;
  Timestamp next_at;  // SCHEDULED: due; RUNNING: lease end
  Timestamp at;
};

}  // namespace belfry::store
