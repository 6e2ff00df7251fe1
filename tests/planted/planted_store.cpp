#include "planted_store.hpp"

#include <cstdio>
#include <cstdlib>
#include <set>

namespace belfry::planted {
namespace {

using store::Committed;
using store::Job;

// Holds submissions back until there are a few: they are acknowledged, and a kill in between loses
// them.
class AckBeforeCommit final : public store::Writer {
 public:
  explicit AckBeforeCommit(store::Writer& real) : real_(real) {}

  Committed run(std::span<Job*> jobs) override {
    std::vector<Job> late;
    if (held_.size() >= kHeld) late.swap(held_);
    std::vector<Job*> now;
    for (auto& job : late) now.push_back(&job);
    for (auto* job : jobs) {
      const auto* submit = std::get_if<store::Submit>(&job->command);
      if (submit == nullptr) {
        now.push_back(job);
        continue;
      }
      held_.push_back({job->command, store::Reply{}});
      job->reply =
          store::Reply{store::Submit::Reply{submit->task.id, domain::Status::pending, false}};
    }
    return now.empty() ? Committed{} : real_.run(now);
  }
  bool full() override { return real_.full(); }

 private:
  static constexpr std::size_t kHeld = 50;
  store::Writer& real_;
  std::vector<Job> held_;
};

// Puts the newest attempt's token in place of the one that was sent.
class NoTokenCheck final : public store::Writer {
 public:
  NoTokenCheck(store::Writer& real, std::unique_ptr<store::Reader> reader)
      : real_(real), reader_(std::move(reader)) {}

  Committed run(std::span<Job*> jobs) override {
    for (auto* job : jobs) {
      if (auto* finish = std::get_if<store::Finish>(&job->command)) forge(*finish);
    }
    return real_.run(jobs);
  }
  bool full() override { return real_.full(); }

 private:
  void forge(store::Finish& finish) {
    reader_->read([&](store::Snapshot& snapshot) {
      // Every lease is looked at as if it had ended long ago.
      for (const auto& [row, token] :
           snapshot.tasks().lost_all_tenants(Timestamp::max(), 100'000)) {
        if (row.id == finish.id) finish.token = token;
      }
    });
  }
  store::Writer& real_;
  std::unique_ptr<store::Reader> reader_;
};

// Starts some finished tasks again behind everybody's back, as a store would that lost the deletion
// of the hot row: each runs and ends a second time.
class FinishTwice final : public store::Writer {
 public:
  explicit FinishTwice(store::Writer& real) : real_(real) {}

  Committed run(std::span<Job*> jobs) override {
    auto committed = real_.run(jobs);
    std::vector<Job> again;
    for (const auto* job : jobs) {
      const auto* finish = std::get_if<store::Finish>(&job->command);
      if (finish == nullptr || !job->reply || finish->verdict != store::Verdict::completed)
        continue;
      if (++finished_ % kEvery != 0 || !again_.insert(finish->id).second) continue;
      again.push_back({revive(*finish), store::Reply{}});
    }
    if (again.empty()) return committed;
    std::vector<Job*> more;
    for (auto& job : again) more.push_back(&job);
    const auto second = real_.run(more);
    committed.changes.insert(committed.changes.end(), second.changes.begin(), second.changes.end());
    return committed;
  }
  bool full() override { return real_.full(); }

 private:
  static constexpr int kEvery = 20;
  static store::Command revive(const store::Finish& finish) {
    return store::TransactFn([tenant = finish.tenant, id = finish.id](store::Transaction& tx) {
      const auto row = tx.tasks().find(tenant, id);
      return tx.task_writes().start_new_run(tenant, id, *row->finished_at);
    });
  }

  store::Writer& real_;
  int finished_ = 0;
  std::set<TaskId> again_;
};

class Planted final : public store::Backend {
 public:
  Planted(std::unique_ptr<store::Backend> real, const std::string& bug) : real_(std::move(real)) {
    if (bug == "ack_before_commit") {
      writer_ = std::make_unique<AckBeforeCommit>(real_->writer());
    } else if (bug == "no_token_check") {
      writer_ = std::make_unique<NoTokenCheck>(real_->writer(), real_->make_reader());
    } else if (bug == "finish_twice") {
      writer_ = std::make_unique<FinishTwice>(real_->writer());
    } else {
      std::fprintf(stderr, "BELFRY_PLANT names no bug\n");
      std::exit(2);
    }
  }
  store::Writer& writer() override { return *writer_; }
  std::unique_ptr<store::Reader> make_reader() override { return real_->make_reader(); }
  store::DamageReports& damage() override { return real_->damage(); }
  store::StoreFacts facts() override { return real_->facts(); }

 private:
  std::unique_ptr<store::Backend> real_;
  std::unique_ptr<store::Writer> writer_;
};

}  // namespace

std::unique_ptr<store::Backend> plant(std::unique_ptr<store::Backend> store,
                                      const std::string& bug) {
  return std::make_unique<Planted>(std::move(store), bug);
}

}  // namespace belfry::planted
