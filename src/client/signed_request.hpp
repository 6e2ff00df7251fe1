#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "belfry/receiver.hpp"
#include "signing/webhook_signature.hpp"

namespace belfry::client {

// Judges the signatures of pushes and webhooks. Thread-safe: secrets may change while it judges.
class SignedRequests {
 public:
  explicit SignedRequests(std::chrono::seconds tolerance) : tolerance_(tolerance) {}
  Result<> set_secrets(const std::vector<std::string>& secrets);
  // The refusal, or nothing if a signature is valid now.
  std::optional<Response> refuse(const Request& request) const;
  // The same of a push, whose unsigned headers must also name the task of the signed `webhook-id`.
  std::optional<Response> refuse_push(const Request& request) const;

 private:
  using Keys = std::vector<signing::SigningKey>;
  std::chrono::seconds tolerance_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Keys> keys_ = std::make_shared<Keys>();
};

Push push_of(const Request& request);
Response push_response(PushOutcome outcome);
std::optional<Event> event_of(const Request& request);

}  // namespace belfry::client
