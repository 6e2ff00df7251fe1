#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/answers.hpp"
#include "store/gateway.hpp"
#include "store/trouble.hpp"

namespace belfry::store {

// One read and its outcome. Lives in the caller's frame until `waiter` is resumed.
struct ReadRequest {
  std::function<void(Snapshot&)> fn;
  Result<> result = {};
  Waiter waiter = {};
};

// A few threads, each with a reader of its own, that take reads in turn. Thread-safe.
class ReadLoop {
 public:
  ReadLoop(Backend& backend, const GatewayOptions& options, MetricsRegistry& metrics,
           Trouble& trouble);
  ~ReadLoop() { stop(); }

  // False: refused, the result says why, and the waiter is left to the caller.
  bool offer(ReadRequest& request);
  void stop();  // refuses what is new, does what waits, ends the threads
  std::size_t waiting() const;
  std::size_t readers() const { return readers_.size(); }

 private:
  void work(Reader& reader);
  ReadRequest* take();  // null: stopped and drained
  Result<> run(Reader& reader, const std::function<void(Snapshot&)>& fn);

  const std::size_t waiting_max_;
  Trouble& trouble_;
  Counter& reads_;
  Histogram& read_seconds_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<ReadRequest*> waiting_;
  bool stopping_ = false;

  std::vector<std::unique_ptr<Reader>> readers_;
  std::once_flag joined_;
  std::vector<std::thread> threads_;
};

}  // namespace belfry::store
