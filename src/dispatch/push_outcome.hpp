#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "http/client.hpp"
#include "outbox/finish.hpp"

namespace belfry::dispatch {

using CallAnswer = std::expected<http::OutboundResponse, http::CallError>;

// What an answer (or none) means for the attempt (DESIGN section 6).
struct PushOutcome {
  bool accepted = false;  // 202: the target will call complete or fail with the lease
  outbox::AttemptEnd end;
};
PushOutcome push_outcome(const CallAnswer& answer, Timestamp now);

// The answer's body as the task's result: JSON if it says so and is, else a JSON string.
std::string result_of(const http::OutboundResponse& answer);

}  // namespace belfry::dispatch
