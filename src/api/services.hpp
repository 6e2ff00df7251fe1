#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "api/long_calls.hpp"
#include "async/stop_signal.hpp"
#include "auth/authenticator.hpp"
#include "auth/sealed_box.hpp"
#include "auth/token_issuer.hpp"
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/id.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "http/egress.hpp"
#include "store/directory.hpp"
#include "store/event_feed.hpp"
#include "store/gateway.hpp"
#include "store/lane_signals.hpp"

namespace belfry::api {

enum class Registration { open, invite, closed };

struct Options {
  Registration registration = Registration::open;
  std::string invitation;  // what `invite` asks for
  std::int64_t tenants_max = 100'000;
  std::int64_t auth_requests_per_second = 20;  // of one address to /auth; 0: no limit, as below
  std::int64_t tenant_requests_per_second = 20'000;  // where a tenant has no rate of its own
  std::vector<std::string> cors_origins;             // exact origins
  std::vector<std::string> allowed_hosts;  // Host names beyond the defaults; see origin_guard
  // Only loopback or allowed Host values; other listeners serve every name while none is allowed.
  bool loopback_listener = true;
  LocalTimeRule local_time;  // reads times without an offset
  bool default_target_is_echo = false;
  std::string public_url;         // how clients reach the API: links in metadata
  std::string issuer;             // of tokens
  std::string operator_key_hash;  // SHA-256 of operator.key
  std::string openapi_yaml;
};

// What health answers tell; each is cheap and thread-safe.
struct Health {
  std::function<bool()> ready;           // false while starting, draining or broken
  std::function<std::string()> why_not;  // in words, empty when ready
  std::function<std::string()> notes;    // what is wrong though it is ready; empty: nothing
  std::function<std::string()> durability;
};

// After a restore nothing runs until an operator says so. Thread-safe.
struct Pause {
  std::function<bool()> on;
  std::function<Result<>()> resume;
};

// Everything the routes use; owned by server/, outlives them. Thread-safe throughout.
struct Services {
  const Clock& clock;
  IdGenerator& ids;
  Random& random;
  store::Gateway& gateway;
  const store::Directory& directory;
  store::LaneSignals& lane_signals;
  store::EventFeed& feed;
  LongCalls& long_calls;
  auth::Authenticator& authenticator;
  auth::TokenIssuer& issuer;
  const auth::SealedBox& sealed;
  const http::EgressPolicy& egress;
  MetricsRegistry& metrics;
  async::StopSignal stop;
  std::function<void()> refresh_keys;  // asks the server to read the signing keys again, soon
  // An operator takes the clock for right; false if it was not in doubt.
  std::function<boost::asio::awaitable<bool>()> accept_clock;
  Health health;
  Pause pause;
  Options options;
};

}  // namespace belfry::api
