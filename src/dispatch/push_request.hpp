#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "http/client.hpp"
#include "signing/webhook_signature.hpp"
#include "store/commands.hpp"

namespace belfry::dispatch {

// The body and media type of a push (DESIGN section 6): a string payload is its own characters
// (JSON if it parses as JSON, else text), any other its raw JSON text, an absent one is empty.
struct PushBody {
  std::string text;
  std::string content_type;
};
PushBody push_body(std::string_view payload);

// The request of one attempt: signed when it is sent (Standard Webhooks; the message id is the
// task's, the same for all its attempts; the clock outlives the call), with Belfry-Task-Id,
// Belfry-Attempt, Belfry-Lease, Idempotency-Key, a fresh traceparent in the submitter's trace (with
// its tracestate), and the target's own headers.
http::OutboundRequest push_request(const store::Claim::Task& task, const domain::HttpTarget& target,
                                   http::Url url, std::vector<signing::SigningKey> keys,
                                   const Clock& clock, Millis timeout, Random& random);

// target.timeoutMs beats timeoutMs beats the queue's (DESIGN section 6).
Millis push_timeout(const domain::TaskOptions& options, const domain::HttpTarget& target,
                    const domain::QueueSettings& queue);

}  // namespace belfry::dispatch
