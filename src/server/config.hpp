#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.hpp"
#include "base/log.hpp"
#include "domain/time_zone.hpp"
#include "http/server.hpp"
#include "options/table.hpp"
#include "options/values.hpp"
#include "store/backend.hpp"

namespace belfry::server {

using options::ListenAddress;

// Every option of the scheduler with its default; the table in config.cpp says it in words.
struct Config {
  ListenAddress listen{"127.0.0.1", 8080};
  std::optional<ListenAddress> operators_listen = ListenAddress{"127.0.0.1", 9080};
  std::string data = "./data";
  std::string store = "sqlite";
  bool restored = false;  // the data folder was copied back: start paused, in a new epoch
  std::vector<std::string> egress_allow;
  std::vector<std::string> cors_origins = {"http://127.0.0.1:8083", "http://localhost:8083"};
  std::vector<std::string> allowed_hosts;
  http::TrustedProxies trusted_proxies;
  std::size_t connections_per_address = 1'000;
  std::chrono::seconds stall{5};  // a reader that takes nothing for so long is closed
  http::ByteBudget::Limits answers = http::ServerOptions().answers;
  api::LongCalls::Limits long_calls;
  bool default_target_is_echo = false;
  std::optional<api::Registration>
      registration;  // absent: open on a loopback listener, else closed
  std::int64_t tenants_max = 100'000;
  std::int64_t auth_requests_per_second = 20;  // of one address; 0: no limit, as below
  std::int64_t tenant_requests_per_second = 20'000;
  std::chrono::hours unused_tenants_kept{24 * 30};  // 0: for ever
  std::string invitation;
  std::chrono::milliseconds drain{25'000};
  std::string tls_cert, tls_key;
  std::string public_url;
  std::chrono::seconds token_life{3'600};
  domain::TimeZone time_zone;  // of times without an offset
  std::chrono::hours retention{24 * 30};
  int io_threads = 0;  // 0: one a core, at most 8
  LogLevel log_level = LogLevel::info;
  // Not an option: what tests put around the store, to see that a lying one is caught.
  std::function<std::unique_ptr<store::Backend>(std::unique_ptr<store::Backend>)> wrap_store;
};

// As told; else open on a loopback listener, since whoever reaches it is on this machine, and
// closed on any other.
api::Registration registration_of(const Config& config);

using ConfigResult = options::ReadOptions<Config>;

// Precedence: defaults, TOML file (--config), environment (BELFRY_…), flags. `environment` looks a
// variable up. A key that nobody knows is a mistake, wherever it stands.
ConfigResult read_config(int argc, const char* const* argv,
                         const options::Environment& environment);

}  // namespace belfry::server
