#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "belfry/client.hpp"
#include "belfry/json.hpp"

namespace belfry::client {

// The scheduler holds a worker to the limits named here: beyond them it refuses the first call, and
// the worker ends (Worker::run).
struct WorkerOptions {
  std::vector<std::string> queues = {"default"};  // 1 to 32; one that does not exist is waited for
  std::string name = {};                          // for people; at most 128 characters
  int concurrency = 4;                            // handlers at once, a thread each; 1 to 1,000
  std::chrono::milliseconds poll{20'000};   // how long an empty lease call is held; at most 20 s
  std::chrono::milliseconds lease{30'000};  // 1 s to 1 h; renewed each third of it
  // Between lease calls that failed: doubled, with jitter; a longer Retry-After is waited for.
  std::chrono::milliseconds backoff_first{1'000};
  std::chrono::milliseconds backoff_max{30'000};
  // Hears of every call that failed: leases, and heartbeats and outcomes, whose `detail` names the
  // task. Called on the worker's threads, several at once; must not throw. Empty: a line on
  // standard error each.
  std::function<void(const ClientError&)> on_error = {};
  // Receives what the scheduler cut or replaced in a heartbeat or an outcome; `detail` names the
  // task. Called as on_error is. Empty: a line on standard error each.
  std::function<void(const Warning&)> on_warning = {};
};

// One attempt, as its handler sees it. Thread-safe; valid until the handler returns.
class Job {
 public:
  virtual ~Job() = default;
  virtual const Task& task() const = 0;
  // True once the task was cancelled or the lease lost: the outcome is not taken any more.
  virtual bool cancelled() const = 0;
  // Both ride on the next heartbeat. Percent is 0 to 100, the text at most 256 bytes, a line at
  // most 2,048; what is longer is cut between two characters. Beyond 100 lines between two
  // heartbeats the later ones are left out; a task keeps its first 1,000.
  virtual void progress(int percent, std::string text) = 0;
  virtual void log(std::string line) = 0;
};

// The scheduler keeps the beginning of a longer result as a string, and warns. A result that it
// refuses altogether fails the task for good, since another attempt would only repeat the work.
struct JobOutcome {
  bool completed = true;
  Json result = {};                // at most 64 KiB as text, and 31 levels deep
  std::string error_message = {};  // at most 4,096 bytes; the rest is cut
  bool retryable = true;

  static JobOutcome complete(Json result = {}) { return {true, std::move(result), {}, true}; }
  static JobOutcome fail(std::string message, bool retryable = true) {
    return {false, {}, std::move(message), retryable};
  }
};

// May run twice for one task (a lease can be lost): be idempotent by the task's id. What it throws
// is a retryable failure.
using JobHandler = std::function<JobOutcome(Job&)>;

// Pulls tasks of its queues and runs them until stopped; heartbeats by itself. Lease calls that
// fail are tried again after a pause, except those that can only fail again: the scheduler's 400,
// 401 (key revoked), 403 (no scope `worker`) and 422 (options), and a client that was closed. Those
// end the worker once what runs has reported. The client must outlive it. Started once.
class Worker {
 public:
  Worker(Client& client, WorkerOptions options, JobHandler handler);
  ~Worker();  // stops
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // start and wait.
  Result<> run();
  void start();
  // Returns when the worker has ended: with nothing after stop, or with the error that ended it.
  Result<> wait();
  // Takes no more tasks, and returns when the handlers that run have ended and reported. Whatever
  // was leased at that very moment runs elsewhere once its lease ends. From any thread but a
  // handler's.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace belfry::client
