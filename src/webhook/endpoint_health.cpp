#include "webhook/endpoint_health.hpp"

namespace belfry::webhook {
namespace {

// The row is not written, and the directory not read anew, for each of many failures.
constexpr std::chrono::hours kNoted{1};

bool note_success(store::EndpointRow& endpoint) {
  if (!endpoint.failing_since) return false;
  endpoint.failing_since.reset();
  endpoint.last_failed_at.reset();
  return true;
}

bool note_failure(store::EndpointRow& endpoint, Timestamp now) {
  const auto last = endpoint.last_failed_at ? endpoint.last_failed_at : endpoint.failing_since;
  const bool begins = !endpoint.failing_since || *last + kFailureForgotten <= now;
  if (!begins && endpoint.last_failed_at && *last + kNoted > now) return false;
  if (begins) endpoint.failing_since = now;
  endpoint.last_failed_at = now;
  return true;
}

void disable(store::EndpointRow& endpoint, const char* reason) {
  endpoint.enabled = false;
  endpoint.disabled_reason = reason;
}

}  // namespace

bool note_call(store::EndpointRow& endpoint, const AttemptVerdict& verdict, Timestamp now,
               bool may_disable) {
  if (!endpoint.enabled) return false;
  if (verdict.state == store::DeliveryState::delivered) return note_success(endpoint);
  const bool noted = note_failure(endpoint, now);
  const bool failing = may_disable && *endpoint.failing_since + kDisableAfter <= now;
  if (!verdict.endpoint_gone && !failing) return noted;
  disable(endpoint, verdict.endpoint_gone ? "gone" : "failing");
  return true;
}

}  // namespace belfry::webhook
