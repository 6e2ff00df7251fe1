#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "auth/sealed_box.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "http/client.hpp"
#include "store/directory.hpp"
#include "store/gateway.hpp"

namespace belfry::server {

struct LoopParts {
  const Clock& clock;
  Random& random;
  store::Gateway& gateway;
  const store::Directory& directory;
  const auth::SealedBox& sealed;
  const http::EgressPolicy& egress;
  MetricsRegistry& metrics;
};

struct LoopOptions {
  bool default_target_is_echo = false;
  std::chrono::hours retention{24 * 30};
  std::chrono::hours unused_tenants_kept{24 * 30};
};

// Dispatch and webhooks, on one event loop: what runs in the background. They know nothing of one
// another and meet in the store.
class Loops {
 public:
  Loops(LoopParts parts, boost::asio::any_io_executor executor, LoopOptions options);
  ~Loops();

  void on_commit(const store::Committed& committed);  // a Gateway listener
  void start();
  // Starts no push any more; what runs goes on. On the executor's thread, as `drain`.
  void stop_claiming();
  // Lets running pushes end within `limit`, releases the others' leases.
  boost::asio::awaitable<void> drain(std::chrono::milliseconds limit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace belfry::server
