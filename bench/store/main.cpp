// Full lives (submit, claim, finish; 200-byte payload, synchronous=FULL) through the store's
// writer, beside a bare SQLite loop over the same tables. Interleaved rounds in one run, medians.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <memory>

#include "arguments.hpp"
#include "bare_store.hpp"
#include "base/id.hpp"
#include "figures.hpp"
#include "scratch_folder.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace belfry::bench {
namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

// The store as the gateway uses it.
class Lives {
 public:
  explicit Lives(const std::string& path)
      : random_(1), backend_(store::sqlite::open({.path = path})), ids_(clock_, random_) {
    tenant_ = ids_.make<TenantId>();
    run_one(store::TransactFn([this](store::Transaction& tx) -> Result<> {
      domain::Tenant tenant;
      tenant.id = tenant_;
      tenant.name = "bench";
      tenant.limits.running_max = 1'000'000;
      tx.tenant_writes().insert(tenant);
      const auto queue = tx.queue_writes().put(tenant_, "default", {}, clock_.now());
      queue_ = queue->no;
      return {};
    }));
  }

  double rate(int lives, int batch) {
    const auto began = Steady::now();
    for (int done = 0; done < lives; done += batch) {
      std::vector<store::Job> submits(static_cast<std::size_t>(batch));
      for (auto& job : submits) job.command = submit();
      run(submits);
      store::Claim claim;
      claim.queue = queue_;
      claim.lanes = store::lane_bit(domain::Lane::worker);
      claim.max = batch;
      claim.kind = store::LeaseKind::worker;
      const auto claimed = std::get<store::Claim::Reply>(run_one(std::move(claim)));
      std::vector<store::Job> ends(claimed.tasks.size());
      for (std::size_t i = 0; i < ends.size(); ++i) {
        store::Finish finish;
        finish.tenant = tenant_;
        finish.id = claimed.tasks[i].id;
        finish.token = claimed.tasks[i].token;
        ends[i].command = std::move(finish);
      }
      run(ends);
    }
    return lives / seconds_since(began);
  }

 private:
  store::Submit submit() {
    store::Submit command;
    command.task.id = ids_.make<TaskId>();
    command.task.tenant = tenant_;
    command.task.name = "noop";
    command.task.payload = payload_200();
    command.task.submitted_at = clock_.now();
    command.task.options.target = domain::WorkerTarget{};
    return command;
  }
  void run(std::vector<store::Job>& jobs) {
    std::vector<store::Job*> pointers;
    for (auto& job : jobs) pointers.push_back(&job);
    backend_->writer().run(pointers);
    for (const auto& job : jobs) {
      if (!job.reply) std::abort();
    }
  }
  store::Reply run_one(store::Command command) {
    std::vector<store::Job> jobs(1);
    jobs[0].command = std::move(command);
    run(jobs);
    return std::move(*jobs[0].reply);
  }

  AnchoredClock clock_;
  Random random_;
  std::unique_ptr<store::Backend> backend_;
  IdGenerator ids_;
  TenantId tenant_;
  domain::QueueNo queue_;
};

double bare_rate(BareStore& bare, int lives, int batch) {
  const auto began = Steady::now();
  for (int done = 0; done < lives; done += batch) {
    bare.submit(batch);
    bare.end(bare.claim(batch));
  }
  return lives / seconds_since(began);
}

// The two in turn, so that what else the machine does falls on both.
std::vector<Figure> round(Lives& ours, BareStore& bare, int lives) {
  std::vector<Figure> figures;
  for (const int batch : {100, 1'000}) {
    const double seen = ours.rate(lives, batch);
    figures.push_back({.name = fmt::format("lives, {} a commit", batch),
                       .unit = "/s",
                       .seen = seen,
                       .limit = bare_rate(bare, lives, batch),
                       .limit_of = "bare SQLite loop",
                       .bars = {.ratio_at_least = 0.8}});
  }
  return figures;
}

}  // namespace

bool run(const Arguments& arguments) {
  const ScratchFolder scratch(arguments.words[0]);
  // A folder holds one store.
  Lives ours(scratch.folder("ours") / "ours.db");
  BareStore bare(scratch.folder("bare") / "bare.db");
  const int lives = arguments.quick ? 1'000 : 20'000;
  round(ours, bare, lives / 4);  // warm
  std::vector<std::vector<Figure>> rounds;
  for (int i = 0; i < arguments.rounds; ++i) rounds.push_back(round(ours, bare, lives));
  return print(summarise(rounds));
}

}  // namespace belfry::bench

int main(int argc, char** argv) {
  return belfry::bench::run_main(argc, argv, "bench_store FOLDER [--rounds N] [--strict] [--quick]",
                                 1, belfry::bench::run);
}
