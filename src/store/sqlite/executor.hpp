#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/random.hpp"
#include "domain/state_machine.hpp"
#include "store/commands.hpp"
#include "store/sqlite/configuration.hpp"
#include "store/sqlite/context.hpp"
#include "store/sqlite/row_sum.hpp"

namespace belfry::store::sqlite {

// Random numbers that nobody can guess, a few hundred a system call; seeded ones for simulations.
class SecretNumbers {
 public:
  explicit SecretNumbers(Random* seeded) : seeded_(seeded) {}
  std::uint64_t next();

 private:
  Random* seeded_;
  std::string bytes_;
};

// Runs the hot commands in the writer's transaction. Each looks first and writes then, so that one
// that is refused leaves no trace and needs no savepoint.
class Executor {
 public:
  Executor(Context context, Random* random);

  Result<Submit::Reply> run(const Submit& command);
  Result<Claim::Reply> run(const Claim& command);
  Result<Finish::Reply> run(const Finish& command);
  Result<SendAgain::Reply> run(const SendAgain& command);
  Result<Renew::Reply> run(const Renew& command);
  Result<End::Reply> run(const End& command);
  Result<MoveDue::Reply> run(const MoveDue& command);

  // After a roll-back of the whole transaction: what is remembered of rows may be wrong.
  void forget();
  // Around a savepoint: what was taken down after the mark is so no longer.
  std::size_t mark() const { return progress_ended_.size(); }
  void roll_back(std::size_t mark) {
    if (progress_ended_.size() > mark) progress_ended_.resize(mark);
  }
  // After the commit of everything that ran.
  void committed();
  std::int64_t newest_seq() const { return newest_seq_; }  // of the tasks added

 private:
  // A task as it stands, with what the statements that change it compare.
  struct Found {
    std::int64_t seq = 0, low = 0, tenant_no = 0, lane = 0;
    std::string name;
    int priority = 0;
    std::optional<domain::Status> status;  // absent: finished
    std::int64_t attempt = 0, secret = 0;
    std::int64_t next_at = 0;
    std::optional<std::int64_t> expires_at;
    std::int64_t run = 1, run_attempt = 0, failures = 0;
    std::optional<std::int64_t> started_at;
    std::optional<std::string> worker;
    bool sound = true;

    TaskId id() const { return task_id(seq, low); }
    bool holds(const LeaseToken& token) const {
      return status == domain::Status::running && attempt == token.attempt &&
             secret == token.secret;
    }
  };
  struct Ending {
    domain::Status status;
    std::int64_t failures = 0;
    std::optional<std::int64_t> secret;
    int http_status = 0;
    std::string_view error, result;
    Timestamp at;
  };
  struct Candidate {
    std::int64_t rank, seq;
    domain::Lane lane;
    std::optional<Timestamp> expires_at;
  };

  void refresh();  // forgets configuration that others changed
  void remember_key(const IdempotencyKey& key, std::int64_t tenant_no, const domain::NewTask& task,
                    domain::Status status);
  Result<> check_room(const TenantRules& tenant, std::int64_t bytes);
  // Holds until the next find() or change of the task.
  enum class Soundness : std::uint8_t { needed, any };
  Result<const Found*> find(TenantId tenant, TaskId id, Soundness wanted = Soundness::needed);
  bool put_damaged_aside(const Found& task, Timestamp now);
  std::optional<Result<Submit::Reply>> replay(const Submit& command, std::int64_t tenant_no);
  Result<const QueueRules*> queue_for(const Submit& command, const TenantRules& tenant);
  bool exists(std::int64_t seq);
  void add_body(const BodyRow& row, std::string_view payload);
  void add_live(const LiveRow& row);
  std::vector<Candidate> candidates(const Claim& command, int limit, const Candidate& after);
  Claim::Task read_candidate(const Candidate& candidate, const QueueRules& queue, LiveRow& live);
  void claim_one(const Claim& command, const Candidate& candidate, const QueueRules& queue,
                 Timestamp now, std::vector<Claim::Task>& out);
  bool claim_sound(const Claim& command, const Candidate& candidate, const QueueRules& queue,
                   Timestamp now, std::vector<Claim::Task>& out);
  struct AttemptNote {
    std::string_view outcome, error;
    int http_status = 0;
  };
  void write_attempt(const Found& task, const AttemptNote& note, Timestamp now);
  void write_outcome(const Found& task, const Ending& ending);
  domain::Status end_run(const Found& task, const Finish& command, Timestamp now);
  domain::Status put_back(const Found& task, const Finish& command, Timestamp now);
  domain::Status park(const Found& task, const Finish& command, Timestamp now);
  bool remove(const Found& task, domain::TaskEvent event);
  // Damaged if the statement before found another row than the one that was looked at.
  void require_changed(const Found& task);
  void record(const Found& task, SeriesEvent::Kind kind, Timestamp at, bool measure_run);
  void change(const Found& task, domain::Status to, Timestamp at, Timestamp next_at);
  std::vector<Found> due(Timestamp now, int max);
  static std::vector<Found> read_due(Statement row);
  void write_progress(const Found& task, const Progress& progress, Timestamp now);
  void post(const Outbox& outbox, TenantId tenant, TaskId id, Timestamp now);
  void deliver(const domain::EventDraft& draft, const TenantRules& tenant, TaskId id,
               std::int64_t endpoint, std::string_view url, Timestamp now);

  void remember(Found task);
  void load_progress();

  Context context_;
  Configuration config_;
  SecretNumbers secrets_;
  // Tasks that run, as their claim left them: most ends follow their claim closely, and need not
  // read it back. Exact, because every change of a live row passes through here.
  std::unordered_map<std::int64_t, Found> running_;
  std::int64_t newest_seq_ = 0;
  std::int64_t replaced_bytes_ = 0;  // of the old key that a submission replaces
  Found scratch_;                    // what find() read
  // At least the rows of `progress`: one too many costs a statement, one too few leaves a row. So
  // ends are taken down here and leave the set when they are committed.
  std::unordered_set<std::int64_t> with_progress_;
  std::vector<std::int64_t> progress_ended_;
};

}  // namespace belfry::store::sqlite
