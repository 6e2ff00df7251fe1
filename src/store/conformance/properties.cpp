#include <cstdlib>
#include <iostream>

#include "store/conformance/bed.hpp"
#include "store/conformance/model.hpp"

// Random commands against the store and the model, which must agree on every answer and, at the
// end of every stretch, on every row and total.
namespace belfry::store::conformance {
namespace {

using domain::Status;

constexpr int kSteps = 1'200;  // transactions of one to six commands
constexpr int kStretch = 150;
constexpr int kUnparked = 2;  // tasks at a time

class Walk {
 public:
  Walk(Bed& bed, std::uint64_t seed) : bed_(bed), random_(seed) {
    for (int t = 0; t < 3; ++t) {
      const auto tenant = bed.add_tenant({.running_max = 6 + t, .unfinished_max = 40});
      tenants_.push_back(tenant);
      model_.add_tenant(tenant, {.unfinished_max = 40, .running_max = 6 + t});
      for (const std::string name : {"a", "b"}) {
        domain::QueueSettings settings;
        settings.concurrency_limit = 4;
        settings.aging = Millis{5'000};
        const auto queue = bed.put_queue(tenant, name, settings);
        model_.add_queue(queue.no, {tenant, name, 4, settings.aging});
        queues_.push_back(queue.no);
      }
    }
  }

  // The first disagreement, or nothing.
  std::string run() {
    for (int step = 0; step < kSteps; ++step) {
      if (auto fault = one_transaction(); !fault.empty()) {
        return "step " + std::to_string(step) + ": " + fault;
      }
      if (step % kStretch != kStretch - 1) continue;
      auto fault = bed_.read([&](Snapshot& s) { return model_.compare(s); });
      if (!fault.empty()) return "after step " + std::to_string(step) + ": " + fault;
    }
    return {};
  }
  int ends() const { return ends_; }

 private:
  // What a transaction does, which nobody can see from outside.
  struct Inside {
    std::optional<TaskId> retry;
    std::string unparked;  // the handler
    TenantId tenant;
    bool rolled_back = false;
  };

  std::size_t below(std::size_t n) { return random_.next_u64() % n; }
  Millis some_millis(std::size_t max) { return Millis{static_cast<std::int64_t>(below(max))}; }

  std::string one_transaction() {
    bed_.advance(some_millis(700));
    std::vector<Command> commands;
    std::vector<Inside> inside;
    for (auto n = 1 + below(6); n > 0; --n) commands.push_back(a_command(inside.emplace_back()));
    const auto replies = bed_.ask_all(commands);
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if (auto fault = judge(commands[i], inside[i], replies[i]); !fault.empty()) return fault;
    }
    for (const auto& change : bed_.committed.changes) ends_ += domain::is_terminal(change.to);
    return {};
  }

  std::string judge(const Command& command, const Inside& inside, const Result<Reply>& reply) {
    if (!inside.unparked.empty()) {
      if (!reply) return "unparking failed";
      model_.apply_unpark(inside.tenant, inside.unparked, kUnparked);
      return "";
    }
    if (inside.retry) return model_.apply_retry(*inside.retry, reply, bed_.now());
    if (!inside.rolled_back) return model_.apply(command, reply, bed_.now());
    return outcome(reply) == "conflict" ? "" : "a roll-back that was none";
  }

  Command a_command(Inside& inside) {
    const auto kind = below(100);
    if (kind < 25 || model_.tasks().empty()) return a_submit();
    if (kind < 45) return a_claim();
    if (kind < 72) return a_finish();
    if (kind < 74) return a_second_sending();
    if (kind < 78) return an_unparking(inside);
    if (kind < 83) return a_renewal();
    if (kind < 91) return an_end();
    if (kind < 94) return MoveDue{1'000, bed_.at()};
    const auto& task = kind < 97 ? a_likely_task() : any_task();
    if (kind < 97) {
      inside.rolled_back = true;
      return one_that_rolls_back(task);
    }
    inside.retry = task.id;
    return TransactFn([tenant = task.tenant, id = task.id, now = bed_.now()](Transaction& tx) {
      return tx.task_writes().start_new_run(tenant, id, now);
    });
  }

  Command one_that_rolls_back(const Model::Task& task) {
    auto added = std::get<Submit>(a_submit());
    return TransactFn([added, end = bed_.an_end(task.tenant, task.id), id = task.id,
                       now = bed_.now()](Transaction& tx) -> Result<> {
      // Whether they succeed does not matter: nothing of them may stay.
      const auto submitted = tx.submit(added);
      const auto ended = tx.end(end);
      const auto retried = tx.task_writes().start_new_run(end.tenant, id, now);
      return fail(ErrorCode::conflict, submitted && ended && retried ? "all" : "some");
    });
  }

  const Model::Task& any_task() {
    auto it = model_.tasks().begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(model_.tasks().size())));
    return it->second;
  }
  // Mostly one that runs.
  const Model::Task& a_likely_task() {
    for (int tries = 0; tries < 40; ++tries) {
      const auto& task = any_task();
      if (task.status == Status::running) return task;
    }
    return any_task();
  }

  Command a_submit() {
    auto task = bed_.a_task(tenants_[below(3)], below(2) == 0 ? "a" : "b");
    task.priority = 1 + static_cast<int>(below(10));
    if (below(3) == 0) task.scheduled_for = bed_.now() + some_millis(5'000);
    if (below(4) == 0) {
      task.expires_at = task.scheduled_for.value_or(bed_.now()) + Millis{1} + some_millis(9'000);
    }
    return Submit{task, {}, {}};
  }
  Command a_claim() {
    Claim claim;
    claim.queue = queues_[below(queues_.size())];
    claim.lanes = kAllLanes;
    claim.max = 1 + static_cast<int>(below(4));
    claim.lease = Millis{500} + some_millis(6'000);
    claim.now = bed_.at();
    return claim;
  }
  Claim::Task as_claimed(const Model::Task& task) {
    Claim::Task claimed;
    claimed.tenant = task.tenant;
    claimed.id = task.id;
    claimed.token = task.token;
    if (below(8) == 0) --claimed.token.attempt;
    return claimed;
  }
  Command a_finish() {
    constexpr Verdict kVerdicts[] = {Verdict::completed, Verdict::retry,     Verdict::failed,
                                     Verdict::lost,      Verdict::lost_last, Verdict::released};
    auto finish = bed_.a_finish(as_claimed(a_likely_task()), kVerdicts[below(6)]);
    if (below(2) == 0) finish.next_at = bed_.now() + some_millis(4'000);
    finish.unsent = finish.verdict == Verdict::released && below(2) == 0;
    if (!finish.unsent || below(3) == 0) return finish;
    finish.parking = Parking{"http://a", a_handler(), bed_.now() - some_millis(900), {}, {}};
    return finish;
  }
  std::string a_handler() { return "/" + std::to_string(below(2)); }
  Command a_second_sending() {
    const auto claimed = as_claimed(a_likely_task());
    return SendAgain{claimed.tenant, claimed.id, claimed.token, kLease, "closed", bed_.at()};
  }
  Command an_unparking(Inside& inside) {
    inside.unparked = a_handler();
    inside.tenant = tenants_[below(3)];
    const DestinationName name{inside.tenant, "http://a", inside.unparked};
    return TransactFn([name](Transaction& tx) -> Result<> {
      tx.destination_writes().unpark(name, {}, kUnparked);
      return {};
    });
  }
  Command a_renewal() {
    auto renew = bed_.a_renewal(as_claimed(a_likely_task()));
    renew.extend = some_millis(8'000);
    if (below(2) == 0) renew.progress = Progress{static_cast<int>(below(101)), "x", {}};
    return renew;
  }
  Command an_end() {
    const auto& task = any_task();
    constexpr Status kEnds[] = {Status::expired, Status::cancelled, Status::failed};
    auto end = bed_.an_end(task.tenant, task.id, kEnds[below(3)]);
    end.only_parked = end.status == Status::failed;
    return end;
  }

  Bed& bed_;
  Random random_;
  Model model_;
  std::vector<TenantId> tenants_;
  std::vector<domain::QueueNo> queues_;
  int ends_ = 0;
};

// BELFRY_SEED repeats a failure.
std::uint64_t a_seed() {
  const char* given = std::getenv("BELFRY_SEED");
  const auto seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : secure_seed() % 1'000'000;
  std::cout << "seed " << seed << '\n';
  return seed;
}

TEST_P(StoreConformance, RandomCommandsDoWhatTheModelDoes) {
  const auto seed = a_seed();
  Walk walk(bed, seed);
  EXPECT_EQ(walk.run(), "") << "BELFRY_SEED=" << seed;
  EXPECT_GT(walk.ends(), kSteps / 4) << "the walk must get somewhere";
}

// A store with one bug. The command is put back as it was asked, as a real bug would leave it.
class Planted final : public Backend, private Writer {
 public:
  using Bug = std::function<bool(Command&)>;  // true: it struck
  Planted(std::unique_ptr<Backend> real, Bug bug) : real_(std::move(real)), bug_(std::move(bug)) {}
  Writer& writer() override { return *this; }
  std::unique_ptr<Reader> make_reader() override { return real_->make_reader(); }
  StoreFacts facts() override { return real_->facts(); }

 private:
  Committed run(std::span<Job*> jobs) override {
    std::vector<Command> asked;
    for (auto* job : jobs) {
      asked.push_back(job->command);
      bug_(job->command);
    }
    auto committed = real_->writer().run(jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i]->command = std::move(asked[i]);
    return committed;
  }
  bool full() override { return real_->writer().full(); }

  std::unique_ptr<Backend> real_;
  Bug bug_;
};

TEST_P(StoreConformance, TheModelCatchesPlantedBugs) {
  const auto seed = a_seed();
  int shortened = 0;
  const std::vector<std::pair<std::string, Planted::Bug>> bugs = {
      {"a failure told as success",
       [](Command& command) {
         auto* finish = std::get_if<Finish>(&command);
         if (finish == nullptr || finish->verdict != Verdict::failed) return false;
         finish->verdict = Verdict::completed;
         return true;
       }},
      {"a lease that is one millisecond short",
       [&](Command& command) {
         auto* claim = std::get_if<Claim>(&command);
         if (claim == nullptr || ++shortened % 10 != 0) return false;
         claim->lease -= Millis{1};
         return true;
       }},
      {"a task that is ready where it should be parked",
       [](Command& command) {
         auto* finish = std::get_if<Finish>(&command);
         if (finish == nullptr || !finish->parking) return false;
         finish->parking.reset();
         finish->next_at.reset();
         return true;
       }},
      {"a claim that overlooks a lane",
       [](Command& command) {
         auto* claim = std::get_if<Claim>(&command);
         if (claim == nullptr) return false;
         claim->lanes = lane_bit(domain::Lane::push);
         return true;
       }},
  };
  for (const auto& [what, bug] : bugs) {
    auto subject = GetParam();
    const auto real = subject.open;
    subject.open = [&](const Clock& clock) { return std::make_unique<Planted>(real(clock), bug); };
    Bed planted(subject);
    EXPECT_NE(Walk(planted, seed).run(), "") << what << ", BELFRY_SEED=" << seed;
  }
}

}  // namespace
}  // namespace belfry::store::conformance
