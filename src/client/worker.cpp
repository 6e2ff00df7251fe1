#include "belfry/worker.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/random.hpp"
#include "client/attempt_run.hpp"
#include "client/backoff.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

// As many as one lease call hands out.
constexpr int kThreadsMax = 1'000;

// The same call can only fail again: the key, its scopes, or the options are wrong.
bool ends_the_worker(const ClientError& error) {
  switch (error.status) {
    case 0:
      return error.type == closed_error().type || error.type == usage_error("").type;
    case 400:
    case 401:
    case 403:
    case 422:
      return true;
    default:
      return false;
  }
}

void log_error(const ClientError& error) {
  belfry::log().warn("worker status={} type={} detail=\"{}\"", error.status, error.type,
                     error.detail);
}

void log_warning(const Warning& warning) {
  belfry::log().warn("worker warning={} detail=\"{}\"", warning.code, warning.detail);
}

}  // namespace

struct Worker::State {
  State(Client& calls, WorkerOptions given, JobHandler runs)
      : client(calls), options(std::move(given)), handler(std::move(runs)), random(secure_seed()) {
    if (!options.on_error) options.on_error = log_error;
    if (!options.on_warning) options.on_warning = log_warning;
  }

  Client& client;
  WorkerOptions options;
  JobHandler handler;
  Random random;
  std::mutex mutex;
  std::condition_variable_any changed;
  int free = 0;
  bool stopping = false;
  std::optional<ClientError> refusal;  // what ended the worker
  std::vector<Task> leased;
  std::vector<std::jthread> runners;
  std::jthread puller;
  std::mutex stop_mutex;  // one thread stops, another that asks for it waits

  Result<std::vector<Task>> lease(int count, const std::stop_token& stop) const;
  // How long to wait after a lease call that failed; nothing if it ended the worker.
  std::optional<std::chrono::milliseconds> pause_after(const ClientError& error, int failures);
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

std::optional<std::chrono::milliseconds> Worker::State::pause_after(const ClientError& error,
                                                                    int failures) {
  options.on_error(error);
  if (ends_the_worker(error)) {
    const std::lock_guard lock(mutex);
    refusal = error;
    changed.notify_all();
    return std::nullopt;
  }
  return wait_after(error, failures, {options.backoff_first, options.backoff_max}, random);
}

void Worker::State::pull(const std::stop_token& stop) {
  int failures = 0;
  std::unique_lock lock(mutex);
  while (changed.wait(lock, stop, [this] { return free > 0; })) {
    if (stop.stop_requested()) return;
    const int count = free;
    lock.unlock();
    auto tasks = lease(count, stop);
    if (!tasks && stop.stop_requested()) return;
    const auto pause = tasks ? std::nullopt : pause_after(tasks.error(), ++failures);
    lock.lock();
    if (refusal) return;
    if (pause) {
      changed.wait_for(lock, stop, *pause, [] { return false; });
      continue;
    }
    failures = 0;
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
    AttemptRun(client, options, std::move(task)).execute(handler);
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
  const int threads = std::clamp(state->options.concurrency, 1, kThreadsMax);
  state->free = threads;
  for (int i = 0; i < threads; ++i) {
    state->runners.emplace_back([state](const std::stop_token& stop) { state->run(stop); });
  }
  state->puller = std::jthread([state](const std::stop_token& stop) { state->pull(stop); });
}

Result<> Worker::run() {
  start();
  return wait();
}

Result<> Worker::wait() {
  {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->stopping || state_->refusal; });
  }
  stop();
  if (state_->refusal) return std::unexpected(*state_->refusal);
  return {};
}

void Worker::stop() {
  const std::lock_guard stops(state_->stop_mutex);
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
  }
  if (!state_->puller.joinable()) return;
  state_->puller.request_stop();
  state_->puller.join();
  for (auto& runner : state_->runners) runner.request_stop();
  state_->runners.clear();
}

}  // namespace belfry::client
