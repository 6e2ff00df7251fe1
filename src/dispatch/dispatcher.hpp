#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "dispatch/context.hpp"

namespace belfry::dispatch {

struct DispatcherParts {
  boost::asio::any_io_executor executor;  // one thread; everything runs on it
  const Clock& clock;
  Random& random;
  store::Gateway& gateway;
  const store::Directory& directory;
  http::Client& client;
  SecretSource secrets;
  HeaderOpener open_header;
  MetricsRegistry& metrics;
  std::function<void(std::exception_ptr)> on_failure;
};

// The scheduler's loops as one: claim, run, keep leases, rescue, time, prune.
class Dispatcher {
 public:
  Dispatcher(DispatcherParts parts, Options options);
  ~Dispatcher();

  // A Gateway listener: thread-safe and quick.
  void on_commit(const store::Committed& committed);
  void start();
  // Claims nothing more; what runs goes on. On the executor's thread, as `drain`.
  void stop_claiming();
  // As stop_claiming, then lets running attempts end within `limit`, hands the others back, and
  // returns when all loops have ended.
  boost::asio::awaitable<void> drain(std::chrono::milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::dispatch
