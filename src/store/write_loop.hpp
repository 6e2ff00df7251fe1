#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "store/answers.hpp"
#include "store/batch_size.hpp"
#include "store/gateway.hpp"
#include "store/trouble.hpp"
#include "store/write_line.hpp"

namespace belfry::store {

// What one caller waits for: its jobs, which may be spread over several commits. Lives in the
// caller's frame until `waiter` is resumed.
struct WriteRequest {
  std::span<Job> jobs;
  Waiter waiter = {};
  std::size_t unanswered = 0;
};

// The writer's thread. While a commit runs, jobs gather; then they go into the next one together.
// `offer` and the getters are thread-safe.
class WriteLoop {
 public:
  WriteLoop(Writer& writer, const GatewayOptions& options, MetricsRegistry& metrics,
            Trouble& trouble);
  ~WriteLoop() { stop(); }

  void add_listener(Gateway::Listener listener) { listeners_.push_back(std::move(listener)); }

  // Queues the jobs that are admitted and fills in the replies of the others. False: none was
  // admitted, and the waiter is left to the caller.
  bool offer(WriteRequest& request);
  void stop();  // refuses what is new, commits what waits, ends the thread

  bool full() const { return full_.load(std::memory_order_relaxed); }
  std::size_t waiting() const;
  // How many jobs the next transaction takes at most.
  std::size_t batch_size() const { return batch_jobs_.load(std::memory_order_relaxed); }

 private:
  using Entry = WriteLine::Entry;
  enum class Outcome { committed, busy, full, broken };

  void work();
  bool gather();  // false: stopped and drained
  void run_batch();
  Outcome commit_within_the_space(std::vector<Job*>& jobs, Committed& committed);
  Outcome commit(std::span<Job*> jobs, Committed& committed);
  void tell_listeners(const Committed& committed);
  bool look_whether_full();

  Writer& writer_;
  Trouble& trouble_;
  Counter& commits_;
  Counter& commands_;
  Histogram& commit_seconds_;
  std::vector<Gateway::Listener> listeners_;
  std::atomic<bool> full_{false};
  std::atomic<std::size_t> batch_jobs_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  WriteLine waiting_;
  bool idle_ = false;
  bool stopping_ = false;

  // Of the thread alone.
  BatchSize batch_size_;
  std::vector<Entry> batch_;
  Answers answers_;
  std::once_flag joined_;
  std::thread thread_;
};

}  // namespace belfry::store
