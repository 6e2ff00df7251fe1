#pragma once

#include <expected>

#include "base/random.hpp"
#include "http/client.hpp"
#include "store/rows.hpp"

namespace belfry::webhook {

// What one attempt of a delivery ended in.
struct AttemptVerdict {
  store::DeliveryState state = store::DeliveryState::delivered;
  std::optional<Timestamp> next_at;  // waiting: the next attempt
  store::DeliveryAttemptRow attempt;
  bool endpoint_gone = false;  // 410: disable it
};

// Success is 2xx only; 410 ends it; anything else waits for the next place in the schedule, or as
// long as Retry-After asks, whichever is later.
AttemptVerdict judge(const store::DeliveryRow& delivery,
                     const std::expected<http::OutboundResponse, http::CallError>& answer,
                     Timestamp began, Timestamp now, Random& random);

}  // namespace belfry::webhook
