#include "store/read_loop.hpp"

#include <algorithm>
#include <chrono>
#include <new>

namespace belfry::store {

ReadLoop::ReadLoop(Backend& backend, const GatewayOptions& options, MetricsRegistry& metrics,
                   Trouble& trouble)
    : waiting_max_(options.reads_waiting_max),
      trouble_(trouble),
      reads_(metrics.counter("belfry_store_reads_total", "Reads done.")),
      read_seconds_(metrics.histogram("belfry_store_read_seconds", "Running one read.")) {
  // A reader that cannot be opened throws here, before any thread runs.
  const auto count = std::max<std::size_t>(options.readers, 1);
  for (std::size_t i = 0; i < count; ++i) readers_.push_back(backend.make_reader());
  for (const auto& reader : readers_) {
    threads_.emplace_back([this, &reader = *reader] { work(reader); });
  }
}

bool ReadLoop::offer(ReadRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      request.result = fail(refusal_stopping());
    } else if (trouble_.broken()) {
      request.result = fail(refusal_broken());
    } else if (waiting_.size() >= waiting_max_) {
      request.result = fail(refusal_overloaded());
    } else {
      waiting_.push_back(&request);
    }
    if (!request.result) return false;
  }
  // From here on the request may be answered, and gone.
  wake_.notify_one();
  return true;
}

void ReadLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  std::call_once(joined_, [this] {
    for (auto& thread : threads_) thread.join();
  });
}

std::size_t ReadLoop::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void ReadLoop::work(Reader& reader) {
  Answers answers;
  while (auto* request = take()) {
    request->result = run(reader, request->fn);
    answers.add(std::move(request->waiter));
    answers.deliver();
  }
}

ReadRequest* ReadLoop::take() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
  if (waiting_.empty()) return nullptr;
  auto* request = waiting_.front();
  waiting_.pop_front();
  return request;
}

Result<> ReadLoop::run(Reader& reader, const std::function<void(Snapshot&)>& fn) {
  if (trouble_.broken()) return fail(refusal_broken());
  const auto started = std::chrono::steady_clock::now();
  try {
    reader.read(fn);
  } catch (const Unavailable&) {
    return fail(refusal_busy());
  } catch (const Full&) {
    return fail(refusal_busy());
  } catch (const Damaged&) {
    return fail(refusal_damaged());
  } catch (const std::bad_alloc&) {
    return fail(refusal_no_memory());
  } catch (const std::exception& failure) {
    trouble_.report(failure.what());
    return fail(refusal_broken());
  } catch (...) {
    trouble_.report("a read threw what is not an exception");
    return fail(refusal_broken());
  }
  reads_.add();
  read_seconds_.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return {};
}

}  // namespace belfry::store
