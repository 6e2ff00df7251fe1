#pragma once

#include <functional>
#include <string>

#include "api/services.hpp"
#include "base/metrics.hpp"
#include "http/server.hpp"

namespace belfry::server {

struct OperatorsHealth {
  std::function<std::string()> why_not;  // as api::Health
  std::function<std::string()> notes;
};

// The operators' listener: GET /metrics (Prometheus) and GET /healthz (in detail). No credentials:
// it listens on loopback, where `hosts` says which names are served (not one that a web page's
// owner pointed here), or on a network of the operator's own, under any name.
http::ServerHooks operators_hooks(const MetricsRegistry& metrics, OperatorsHealth health,
                                  api::Options hosts);

}  // namespace belfry::server
