#pragma once

#include <chrono>
#include <string>

#include "base/log.hpp"
#include "dashboard/settings.hpp"
#include "http/client_address.hpp"
#include "options/table.hpp"
#include "options/values.hpp"

namespace belfry::dashboard {

// Every option of the dashboard with its default; the table in config.cpp says it in words.
struct Config {
  Config();

  options::ListenAddress listen{"127.0.0.1", 8083};
  Settings settings;
  std::string tls_cert, tls_key;
  std::string scheduler_ca;
  http::TrustedProxies trusted_proxies;
  std::size_t connections_per_address = 1'000;
  std::chrono::milliseconds drain{5'000};
  LogLevel log_level = LogLevel::info;
};

options::ReadOptions<Config> read_config(int argc, const char* const* argv,
                                         const options::Environment& environment);

}  // namespace belfry::dashboard
