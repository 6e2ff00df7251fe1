#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>

#include "base/metrics.hpp"
#include "base/random.hpp"
#include "http/client.hpp"
#include "signing/webhook_signature.hpp"
#include "store/directory.hpp"
#include "store/gateway.hpp"
#include "webhook/lineup.hpp"

namespace belfry::webhook {

// The secrets that sign: an endpoint's own, or (for callbacks) its tenant's. One, or two in a
// rotation; none if it is gone.
struct Secrets {
  std::function<std::vector<signing::SigningKey>(TenantId)> of_tenant;
  std::function<std::vector<signing::SigningKey>(EndpointId)> of_endpoint;
};

struct CourierParts {
  boost::asio::any_io_executor executor;  // one thread; everything runs on it
  const Clock& clock;
  Random& random;
  store::Gateway& gateway;
  const store::Directory& directory;
  http::Client& client;
  Secrets secrets;
  MetricsRegistry& metrics;
  std::function<void(std::exception_ptr)> on_failure;
};

struct CourierOptions {
  LineupOptions lineup;
};

// Delivers what waits in the outbox: at least once, in order per task and endpoint, each attempt
// recorded (PROMISES P10); a destination that hangs or fails hurts only itself (P11).
class Courier {
 public:
  Courier(CourierParts parts, CourierOptions options);
  ~Courier();

  void on_commit(const store::Committed& committed);  // a Gateway listener: thread-safe, quick
  void start();
  // Starts no more deliveries, lets those in flight end within `limit`; the others are repeated
  // after the next start.
  boost::asio::awaitable<void> drain(std::chrono::milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::webhook
