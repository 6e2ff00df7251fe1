#include "belfry/worker.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

constexpr std::chrono::milliseconds kPauseAfterFailure{1'000};
constexpr std::size_t kLogLinesWaitingMax = 100;

std::string task_path(const std::string& id, const char* what) {
  return "/api/v1/tasks/" + percent_encode(id) + what;
}

// One leased task: its handler on one thread, its heartbeats on another.
class Run final : public Job {
 public:
  Run(Client& client, const WorkerOptions& options, Task task)
      : client_(client),
        options_(options),
        task_(std::move(task)),
        token_(task_.document["leaseToken"].string_or("")) {}

  const Task& task() const override { return task_; }
  bool cancelled() const override { return cancelled_.load(); }
  void progress(int percent, std::string text) override {
    const std::lock_guard lock(mutex_);
    progress_ = Json::object({{"percent", std::clamp(percent, 0, 100)}, {"text", text}});
  }
  void log(std::string line) override {
    const std::lock_guard lock(mutex_);
    if (lines_.items().size() < kLogLinesWaitingMax) lines_.push(std::move(line));
  }

  void execute(const JobHandler& handler) {
    JobOutcome outcome;
    {
      const std::jthread heart([this](const std::stop_token& stop) { keep_lease(stop); });
      try {
        outcome = handler(*this);
      } catch (const std::exception& error) {
        outcome = JobOutcome::fail(error.what());
      }
    }
    if (has_news() && !cancelled()) beat({});  // the last progress is kept too
    if (!cancelled()) report(outcome);
  }

 private:
  void keep_lease(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    while (!stop.stop_requested() && !cancelled()) {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, options_.lease / 3, [] { return false; });
      if (!stop.stop_requested()) beat(stop);
    }
  }

  bool has_news() {
    const std::lock_guard lock(mutex_);
    return !progress_.is_null() || !lines_.is_null();
  }

  void beat(const std::stop_token& stop) {
    auto body = Json::object({{"leaseToken", token_}, {"extendMs", options_.lease.count()}});
    {
      const std::lock_guard lock(mutex_);
      if (!progress_.is_null()) body.set("progress", std::exchange(progress_, {}));
      if (!lines_.is_null()) body.set("logs", std::exchange(lines_, {}));
    }
    Client::Call call;
    call.method = "POST";
    call.path = task_path(task_.id, "/heartbeat");
    call.body = std::move(body);
    call.stop = stop;
    const auto answer = client_.call(call);
    if (answer ? answer->body["cancelRequested"].boolean_or(false)
               : answer.error().status == 409 || answer.error().status == 404) {
      cancelled_ = true;
    }
  }

  void report(JobOutcome& outcome) {
    Client::Call call;
    call.method = "POST";
    call.path = task_path(task_.id, outcome.completed ? "/complete" : "/fail");
    auto body = Json::object({{"leaseToken", token_}});
    if (outcome.completed) {
      body.set("result", std::move(outcome.result));
    } else {
      body.set("errorMessage", outcome.error_message).set("retryable", outcome.retryable);
    }
    call.body = std::move(body);
    const auto answer = client_.call(call);
    if (!answer) {
      belfry::log().warn("outcome not taken task={} error={}", task_.id, answer.error().type);
    }
  }

  Client& client_;
  const WorkerOptions& options_;
  Task task_;
  std::string token_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  Json progress_;
  Json lines_;
};

}  // namespace

struct Worker::State {
  State(Client& calls, WorkerOptions given, JobHandler runs)
      : client(calls), options(std::move(given)), handler(std::move(runs)) {}

  Client& client;
  WorkerOptions options;
  JobHandler handler;
  std::mutex mutex;
  std::condition_variable_any changed;
  int free = 0;
  std::vector<Task> leased;
  std::vector<std::jthread> runners;
  std::jthread puller;

  Result<std::vector<Task>> lease(int count, const std::stop_token& stop) const;
  void pull(const std::stop_token& stop);
  void run(const std::stop_token& stop);
};

Result<std::vector<Task>> Worker::State::lease(int count, const std::stop_token& stop) const {
  auto queues = Json::array();
  for (const auto& queue : options.queues) queues.push(queue);
  Client::Call call;
  call.method = "POST";
  call.path = "/api/v1/leases";
  call.body = Json::object({{"queues", std::move(queues)},
                            {"max", count},
                            {"waitMs", options.poll.count()},
                            {"leaseMs", options.lease.count()},
                            {"worker", options.name}});
  call.repeatable = false;  // an answer that got lost leased tasks already
  call.timeout = options.poll + std::chrono::seconds(10);
  call.stop = stop;
  const auto answer = client.call(call);
  if (!answer) return std::unexpected(answer.error());
  std::vector<Task> tasks;
  for (const auto& task : answer->body["tasks"].items()) tasks.push_back(task_of(task));
  return tasks;
}

void Worker::State::pull(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  while (changed.wait(lock, stop, [this] { return free > 0; })) {
    if (stop.stop_requested()) return;
    const int count = free;
    lock.unlock();
    auto tasks = lease(count, stop);
    lock.lock();
    if (!tasks) {
      changed.wait_for(lock, stop, kPauseAfterFailure, [] { return false; });
      continue;
    }
    for (auto& task : *tasks) {
      --free;
      leased.push_back(std::move(task));
    }
    changed.notify_all();
  }
}

void Worker::State::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  // What is leased is run even when the worker stops: nobody else may until the lease ends.
  while (changed.wait(lock, stop, [this] { return !leased.empty(); })) {
    auto task = std::move(leased.back());
    leased.pop_back();
    lock.unlock();
    Run(client, options, std::move(task)).execute(handler);
    lock.lock();
    ++free;
    changed.notify_all();
  }
}

Worker::Worker(Client& client, WorkerOptions options, JobHandler handler)
    : state_(std::make_unique<State>(client, std::move(options), std::move(handler))) {}

Worker::~Worker() {
  stop();
}

void Worker::start() {
  auto* state = state_.get();
  state->free = std::max(1, state->options.concurrency);
  for (int i = 0; i < state->free; ++i) {
    state->runners.emplace_back([state](const std::stop_token& stop) { state->run(stop); });
  }
  state->puller = std::jthread([state](const std::stop_token& stop) { state->pull(stop); });
}

void Worker::stop() {
  if (!state_->puller.joinable()) return;
  state_->puller.request_stop();
  state_->puller.join();
  for (auto& runner : state_->runners) runner.request_stop();
  state_->runners.clear();
}

}  // namespace belfry::client
