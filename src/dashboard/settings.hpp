#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "http/url.hpp"

namespace belfry::dashboard {

// What the dashboard's server is told when it starts.
struct Settings {
  http::Url scheduler;  // its base; only scheme, host and port are used
  std::string prefix;   // "" or "/belfry": what every path begins with
  std::vector<std::string> allowed_hosts;
  // Only loopback or allowed Host values; other listeners serve every name while none is allowed.
  bool loopback_listener = true;
  bool secure_cookies = false;  // behind TLS: Secure cookies and HSTS
  std::chrono::milliseconds session_idle = std::chrono::minutes{30};
  std::chrono::milliseconds session_life = std::chrono::hours{12};
  std::size_t sessions_max = 10'000;
  std::string version;
};

}  // namespace belfry::dashboard
