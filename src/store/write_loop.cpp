#include "store/write_loop.hpp"

#include <algorithm>
#include <chrono>

namespace belfry::store {

namespace {

// How often an idle writer looks whether a full disk has space again.
constexpr std::chrono::seconds kFullCheck{1};

// What a full disk has no room for: creations, and what leads to attempts whose ends could not be
// written. Under mere load the latter run: they are what shortens the line.
bool needs_space(const Job& job) {
  return creates(job) || std::holds_alternative<Claim>(job.command) ||
         std::holds_alternative<MoveDue>(job.command);
}

void refuse(std::span<Job* const> jobs, const Error& why) {
  for (auto* job : jobs) job->reply = fail(why);
}

void drop_what_needs_space(std::vector<Job*>& jobs) {
  std::erase_if(jobs, [](Job* job) {
    if (needs_space(*job)) job->reply = fail(refusal_full());
    return needs_space(*job);
  });
}

}  // namespace

WriteLoop::WriteLoop(Writer& writer, const GatewayOptions& options, MetricsRegistry& metrics,
                     Trouble& trouble)
    : writer_(writer),
      trouble_(trouble),
      commits_(metrics.counter("belfry_store_commits_total", "Transactions committed.")),
      commands_(metrics.counter("belfry_store_commands_total", "Commands in them.")),
      commit_seconds_(metrics.histogram("belfry_store_commit_seconds",
                                        "Running and flushing one transaction.")),
      batch_jobs_(options.batch_max),
      waiting_({.batch_max = options.batch_max, .waiting_max = options.waiting_max}),
      batch_size_(options.batch_max, options.batch_time),
      thread_([this] { work(); }) {}

bool WriteLoop::offer(WriteRequest& request) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const auto arrival = waiting_.arrive(request.jobs.front(), std::chrono::steady_clock::now());
    for (auto& job : request.jobs) {
      if (stopping_) {
        job.reply = fail(refusal_stopping());
      } else if (trouble_.broken()) {
        job.reply = fail(refusal_broken());
      } else if (!waiting_.admits(job, arrival)) {
        job.reply = fail(refusal_overloaded());
      } else {
        waiting_.push({&job, &request, arrival.now});
        ++request.unanswered;
      }
    }
    if (request.unanswered == 0) return false;
    wake = std::exchange(idle_, false);
  }
  // From here on the request may be answered, and gone.
  if (wake) wake_.notify_one();
  return true;
}

std::size_t WriteLoop::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void WriteLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  std::call_once(joined_, [this] { thread_.join(); });
}

void WriteLoop::work() {
  look_whether_full();  // a store may be opened on a full disk
  while (gather()) {
    run_batch();
    answers_.deliver();
  }
}

bool WriteLoop::gather() {
  std::unique_lock lock(mutex_);
  const auto something = [this] { return !waiting_.empty() || stopping_; };
  while (!something()) {
    idle_ = true;
    if (!full()) {
      wake_.wait(lock, something);
    } else if (!wake_.wait_for(lock, kFullCheck, something)) {
      lock.unlock();
      look_whether_full();
      lock.lock();
    }
  }
  idle_ = false;
  waiting_.take(batch_, batch_size_.now());
  return !batch_.empty();
}

void WriteLoop::run_batch() {
  std::vector<Job*> jobs;
  jobs.reserve(batch_.size());
  for (const auto& entry : batch_) jobs.push_back(entry.job);

  Committed committed;
  auto outcome = Outcome::broken;
  if (!trouble_.broken()) outcome = commit_within_the_space(jobs, committed);
  if (outcome == Outcome::committed) {
    commands_.add(jobs.size());
    tell_listeners(committed);
    // A listener or a reader may have found the store broken meanwhile.
    if (trouble_.broken()) outcome = Outcome::broken;
  }
  switch (outcome) {
    case Outcome::committed:
      break;
    case Outcome::busy:
      refuse(jobs, refusal_busy());
      break;
    case Outcome::full:
      refuse(jobs, refusal_full());
      break;
    case Outcome::broken:
      refuse(jobs, refusal_broken());
      break;
  }
  for (const auto& entry : batch_) {
    if (--entry.request->unanswered == 0) answers_.add(std::move(entry.request->waiter));
  }
}

// While the disk is full, what ends or extends attempts still runs, from the reserve kept for it.
// The commit that finds the disk full lets the reserve go, so it is tried once more.
WriteLoop::Outcome WriteLoop::commit_within_the_space(std::vector<Job*>& jobs,
                                                      Committed& committed) {
  const bool was_full = look_whether_full();
  if (was_full) drop_what_needs_space(jobs);
  const auto outcome = commit(jobs, committed);
  if (outcome != Outcome::full || was_full) return outcome;
  full_.store(true, std::memory_order_relaxed);
  drop_what_needs_space(jobs);
  return commit(jobs, committed);
}

WriteLoop::Outcome WriteLoop::commit(std::span<Job*> jobs, Committed& committed) {
  if (jobs.empty()) return Outcome::committed;
  const auto started = std::chrono::steady_clock::now();
  try {
    committed = writer_.run(jobs);
  } catch (const Unavailable&) {
    return Outcome::busy;
  } catch (const Full&) {
    return Outcome::full;
  } catch (const std::exception& failure) {
    trouble_.report(failure.what());
    return Outcome::broken;
  } catch (...) {
    trouble_.report("the store's driver threw what is not an exception");
    return Outcome::broken;
  }
  commits_.add();
  const auto took = std::chrono::steady_clock::now() - started;
  batch_size_.learn(jobs.size(), took);
  batch_jobs_.store(batch_size_.now(), std::memory_order_relaxed);
  commit_seconds_.observe(std::chrono::duration<double>(took).count());
  return Outcome::committed;
}

void WriteLoop::tell_listeners(const Committed& committed) {
  try {
    for (const auto& listener : listeners_) listener(committed);
  } catch (const std::exception& failure) {
    trouble_.report(failure.what());
  } catch (...) {
    trouble_.report("a commit listener threw what is not an exception");
  }
}

bool WriteLoop::look_whether_full() {
  try {
    full_.store(writer_.full(), std::memory_order_relaxed);
  } catch (const std::exception& failure) {
    trouble_.report(failure.what());
  }
  return full();
}

}  // namespace belfry::store
