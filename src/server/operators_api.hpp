#pragma once

#include <functional>
#include <string>

#include "base/metrics.hpp"
#include "http/server.hpp"

namespace belfry::server {

// The operators' listener: GET /metrics (Prometheus) and GET /healthz (in detail). No credentials:
// it listens on loopback or on a network of the operator's own.
http::ServerHooks operators_hooks(const MetricsRegistry& metrics,
                                  std::function<std::string()> why_not_ready);

}  // namespace belfry::server
