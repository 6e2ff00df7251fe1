#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "belfry/client.hpp"
#include "belfry/json.hpp"

namespace belfry::client {

struct WorkerOptions {
  std::vector<std::string> queues = {"default"};
  std::string name = {};
  int concurrency = 4;                      // handlers at once, each on a thread of its own
  std::chrono::milliseconds poll{20'000};   // how long the scheduler may hold an empty lease call
  std::chrono::milliseconds lease{30'000};  // renewed each third of it
};

// One attempt, as its handler sees it. Thread-safe; valid until the handler returns.
class Job {
 public:
  virtual ~Job() = default;
  virtual const Task& task() const = 0;
  // True once the task was cancelled or the lease lost: the outcome is not taken any more.
  virtual bool cancelled() const = 0;
  // Both ride on the next heartbeat; percent is 0 to 100.
  virtual void progress(int percent, std::string text) = 0;
  virtual void log(std::string line) = 0;
};

struct JobOutcome {
  bool completed = true;
  Json result = {};
  std::string error_message = {};
  bool retryable = true;

  static JobOutcome complete(Json result = {}) { return {true, std::move(result), {}, true}; }
  static JobOutcome fail(std::string message, bool retryable = true) {
    return {false, {}, std::move(message), retryable};
  }
};

// May run twice for one task (a lease can be lost): be idempotent by the task's id. What it throws
// is a retryable failure.
using JobHandler = std::function<JobOutcome(Job&)>;

// Pulls tasks of its queues and runs them until stopped; heartbeats by itself. The client must
// outlive it.
class Worker {
 public:
  Worker(Client& client, WorkerOptions options, JobHandler handler);
  ~Worker();  // stops
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  // Takes no more tasks, and returns when the handlers that run have ended and reported. Whatever
  // was leased at that very moment runs elsewhere once its lease ends.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace belfry::client
