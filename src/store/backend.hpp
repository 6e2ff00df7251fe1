#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "store/commands.hpp"
#include "store/damage_reports.hpp"
#include "store/nouns.hpp"

// The seam between the gateway and a database. Blocking and simple: no coroutines, no threads of
// its own. A driver's writer is used by one thread at a time, each reader by one thread at a time.
namespace belfry::store {

// Runs inside its own SAVEPOINT; an error or an exception of it rolls back only itself. May be run
// twice (commit conflict), so it has no side effects.
using TransactFn = std::function<Result<>(Transaction&)>;

using Command = std::variant<Submit, Claim, Finish, SendAgain, Renew, End, MoveDue, TransactFn>;
using Reply = std::variant<std::monostate, Submit::Reply, Claim::Reply, Finish::Reply,
                           SendAgain::Reply, Renew::Reply, End::Reply, MoveDue::Reply>;

// What a transaction is for decides whether it runs while the disk is full.
enum class Purpose : std::uint8_t {
  change,  // may add rows without bound: refused then, as a submission is
  // Frees space (pruning), records what has happened (a delivery's attempt), or takes a right away
  // (a key, a token, a tenant, an endpoint): runs.
  upkeep,
};

struct Job {
  Command command;
  Result<Reply> reply = std::monostate{};
  Purpose purpose = Purpose::change;  // of a TransactFn
};

// What a committed batch changed, for those who wait for it.
struct Committed {
  std::vector<TaskChange> changes;
  bool deliveries_added = false;       // the courier has work
  bool configuration_changed = false;  // tenants, queues or endpoints: the directory reloads
  // Whose configuration that was, if the driver can name them all; else empty: anybody's. Spares
  // the directory from reading ten thousand tenants because one of them got a queue.
  std::vector<TenantId> changed_tenants;
};

class Writer {
 public:
  virtual ~Writer() = default;
  // Runs the jobs in order in one transaction, commits and flushes, and fills in every reply. If it
  // throws (Unavailable, Full, Broken) nothing of the batch is in the database. The span's jobs
  // keep their commands, so that the caller may try again.
  virtual Committed run(std::span<Job*> jobs) = 0;
  // True while the disk is full: the gateway then refuses creations and claims at once and still
  // runs what ends or extends attempts, and upkeep. Cheap; re-checks for space now and then.
  virtual bool full() = 0;
};

class Reader {
 public:
  virtual ~Reader() = default;
  // One consistent snapshot for the whole call.
  virtual void read(const std::function<void(Snapshot&)>& fn) = 0;
};

struct StoreFacts {
  std::string kind;                   // "sqlite"
  std::string durability;             // what an answer means, in words (P1)
  std::uint64_t highest_id_high = 0;  // for IdGenerator
  // The newest time that a commit has recorded; absent in a new store. The clock of a start should
  // not be far from it.
  std::optional<Timestamp> newest_time;
  std::int64_t bytes = 0;  // on disk
  std::string issuer;      // of tokens: what the store's first start was given
};

struct CopyProgress {
  std::int64_t copied = 0, pages = 0;  // so far, of those there are
  bool ended = false;
  std::string failure;  // why it ended without a copy
};

// A copy of the store into one file, made beside the commits. Thread-safe.
class Copy {
 public:
  virtual ~Copy() = default;
  virtual CopyProgress progress() const = 0;
  virtual void abandon() = 0;  // at its next step
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual Writer& writer() = 0;  // exactly one
  virtual std::unique_ptr<Reader> make_reader() = 0;
  virtual StoreFacts facts() = 0;
  // Begins a copy into `file`, a new one. It goes on with each of the writer's transactions, also
  // empty ones, and holds what was committed before its end. Null: another one is being made, or
  // this store makes none.
  virtual std::shared_ptr<Copy> copy_to(const std::string& /*file*/) { return nullptr; }
  // The damaged rows that its writer and readers have met.
  virtual DamageReports& damage() { return damage_; }

 private:
  DamageReports damage_;
};

}  // namespace belfry::store
