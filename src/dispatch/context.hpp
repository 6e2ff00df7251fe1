#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <vector>

#include "async/stop_signal.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "dispatch/backlog.hpp"
#include "http/client.hpp"
#include "http/destination_gate.hpp"
#include "signing/webhook_signature.hpp"
#include "store/directory.hpp"
#include "store/gateway.hpp"

namespace belfry::dispatch {

// The secrets that sign a tenant's pushes: one, or two during a rotation. None if the tenant is
// gone.
using SecretSource = std::function<std::vector<signing::SigningKey>(TenantId)>;

// The value of a target's sealed header; nothing if it cannot be opened any more.
using HeaderOpener = std::function<std::optional<std::string>(TenantId, std::string_view sealed)>;

struct Options {
  bool default_target_is_echo = false;
  std::chrono::hours finished_retention{24 * 30};
  std::chrono::hours unused_tenants_kept{24 * 30};  // 0: for ever
  int push_total = domain::kPushTotal;
  std::size_t push_bytes_total = domain::kPushBytesTotal;  // see HeldBytes
  std::size_t push_bytes_a_tenant = domain::kPushBytesATenant;
  Millis lease = domain::kPushLease;
  Millis renewal = domain::kPushLeaseRenewal;
  // A safety net under the claimer's wake-ups: no task may have to wait for it.
  Millis look_again{3'000};
};

struct Instruments {
  explicit Instruments(MetricsRegistry& registry);
  Counter& started;
  Counter& completed;
  Counter& failed;
  Counter& retried;
  Counter& released;
  Counter& accepted;
  Counter& leases_lost;
  Counter& expired;
  Counter& scrubs;
  Histogram& wait;
  Histogram& run;
  Histogram& lateness;
};

// What every loop of dispatch works with; all of it outlives them. Everything runs on `executor`,
// one thread.
struct Context {
  boost::asio::any_io_executor executor;
  const Clock& clock;
  Random& random;
  store::Gateway& gateway;
  const store::Directory& directory;
  http::Client& client;
  http::DestinationGate& gate;
  Backlog& backlog;
  SecretSource secrets;
  HeaderOpener open_header;
  Instruments& instruments;
  Options options;
  async::StopSignal stop;     // no new work
  async::StopSignal abandon;  // the drain's time is up: do not wait for anything
};

}  // namespace belfry::dispatch
