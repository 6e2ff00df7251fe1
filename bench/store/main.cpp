// Full lives (submit, claim, finish; 200-byte payload, synchronous=FULL) through the store's
// writer, beside a bare SQLite loop over the same tables with the same inserts, updates and deletes
// and none of our checks, totals, series or replies. Interleaved rounds in one run, medians.
//
//   bench_store FOLDER [lives a round]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/id.hpp"
#include "base/log.hpp"
#include "sql.hpp"
#include "store/sqlite/context.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace belfry::bench {
namespace {

using Steady = std::chrono::steady_clock;
constexpr int kRounds = 5;

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

const std::string kPayload = R"({"data":")" + std::string(189, 'x') + R"("})";

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
    command.task.payload = kPayload;
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

// The same rows by hand.
class Bare {
 public:
  explicit Bare(const std::string& path) {
    {
      Lives create(path);
    }
    db_ = std::make_unique<store::sqlite::Database>(path, store::sqlite::Access::read_write,
                                                    64 * 1024 * 1024);
  }

  double rate(int lives, int batch) {
    namespace sql = store::sqlite::sql;
    const auto began = Steady::now();
    for (int done = 0; done < lives; done += batch) {
      db_->statement(sql::connection::begin_write).run();
      for (int i = 0; i < batch; ++i) insert();
      db_->statement(sql::connection::commit).run();
      db_->statement(sql::connection::begin_write).run();
      const auto seqs = claim(batch);
      db_->statement(sql::connection::commit).run();
      db_->statement(sql::connection::begin_write).run();
      for (const auto seq : seqs) end(seq);
      db_->statement(sql::connection::commit).run();
    }
    return lives / seconds_since(began);
  }

 private:
  void insert() {
    namespace sql = store::sqlite::sql;
    const auto seq = seq_++;
    auto body = db_->statement(sql::hot::add_body);
    body.bind(seq).bind(7).bind(1).bind(6).bind_text("noop").bind(5).bind(3).bind_null();
    body.bind_null().bind(12345678).bind_blob("\x01\x01\x01").bind_text(kPayload).run();
    auto live = db_->statement(sql::hot::add_live);
    live.bind(seq).bind(1).bind(6).bind(2).bind(seq).bind(seq >> 12).bind_null().run();
  }
  std::vector<std::int64_t> claim(int batch) {
    namespace sql = store::sqlite::sql;
    std::vector<std::int64_t> seqs;
    {
      auto row = db_->statement(sql::hot::ready);
      row.bind(6).bind(0).bind(0).bind(batch);
      while (row.step()) seqs.push_back(row.integer(1));
    }
    for (const auto seq : seqs) {
      {
        auto row = db_->statement(sql::hot::candidate);
        row.bind(seq);
        if (!row.step()) std::abort();
        bytes_ += row.text(13).size();
      }
      auto lease = db_->statement(sql::hot::lease);
      lease.bind(seq).bind(0x1234567890abcdef).bind(2).bind(seq >> 12).bind(seq >> 12).bind_null();
      lease.run();
    }
    return seqs;
  }
  void end(std::int64_t seq) {
    namespace sql = store::sqlite::sql;
    db_->statement(sql::hot::end_attempt).bind(seq).bind(1).bind(1).bind(0x1234567890abcdef).run();
    auto outcome = db_->statement(sql::hot::add_outcome);
    outcome.bind(seq).bind(1).bind(4).bind(seq >> 12).bind(seq >> 12).bind(1).bind(1).bind(1);
    outcome.bind(0).bind(0x1234567890abcdef).bind(0).bind_null().bind_null().bind_null();
    outcome.bind(0x12345678).run();
  }

  std::unique_ptr<store::sqlite::Database> db_;
  std::int64_t seq_ = std::int64_t{1'700'000'000'000} << 12;
  std::size_t bytes_ = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int run(const std::string& folder, int lives) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  Lives ours(folder + "/ours.db");
  Bare bare(folder + "/bare.db");
  ours.rate(5'000, 1'000);
  bare.rate(5'000, 1'000);
  for (const int batch : {100, 1'000}) {
    std::vector<double> our_rates, bare_rates, ratios;
    for (int round = 0; round < kRounds; ++round) {
      our_rates.push_back(ours.rate(lives, batch));
      bare_rates.push_back(bare.rate(lives, batch));
      ratios.push_back(our_rates.back() / bare_rates.back());
    }
    fmt::print(
        "lives, {:>5} a commit: {:>7.0f}/s   bare loop {:>7.0f}/s   ratio {:.2f}   bar >= 0.80\n",
        batch, median(our_rates), median(bare_rates), median(ratios));
  }
  return 0;
}

}  // namespace belfry::bench

int main(int argc, char** argv) {
  belfry::set_log_level(belfry::LogLevel::warn);
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_store FOLDER [lives a round]\n");
    return 2;
  }
  return belfry::bench::run(argv[1], argc > 2 ? std::atoi(argv[2]) : 20'000);
}
