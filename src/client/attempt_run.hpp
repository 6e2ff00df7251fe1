#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "belfry/worker.hpp"

namespace belfry::client {

// One leased task: its handler on the calling thread, its heartbeats on another, then its outcome.
// The client and the options (whose `on_error` and `on_warning` are set) outlive it.
class AttemptRun final : public Job {
 public:
  AttemptRun(Client& client, const WorkerOptions& options, Task task);

  const Task& task() const override { return task_; }
  bool cancelled() const override { return cancelled_.load(); }
  void progress(int percent, std::string text) override;
  void log(std::string line) override;

  void execute(const JobHandler& handler);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  // What the handler said since the last heartbeat.
  struct News {
    std::optional<int> percent;
    std::string text;
    std::vector<std::string> lines;
    bool empty() const { return !percent && lines.empty(); }
  };

  void keep_lease(const std::stop_token& stop);
  void beat(const std::stop_token& stop);
  void restore(News unsaid);
  bool has_news();
  void report(JobOutcome outcome);
  Result<Client::Answer> settle(const Client::Call& call);
  void complain(const char* what, ClientError error) const;
  void pass_on(const char* what, std::vector<Warning> warnings) const;

  Client& client_;
  const WorkerOptions& options_;
  Task task_;
  Lease lease_;
  Random random_;
  std::atomic<SteadyTime> lease_until_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  News news_;
};

}  // namespace belfry::client
