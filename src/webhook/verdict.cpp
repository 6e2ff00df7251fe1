#include "webhook/verdict.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "http/retry_after.hpp"
#include "webhook/schedule.hpp"

namespace belfry::webhook {
namespace {

constexpr std::size_t kAnswerBytesKept = 1'024;

// What a tenant is shown of a foreign answer: its beginning, as text.
std::string beginning(const std::string& body) {
  std::string text = body;
  cut_utf8(text, kAnswerBytesKept);
  return is_utf8(text) ? text : "(not text)";
}

bool throttles(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

AttemptVerdict judge(const store::DeliveryRow& delivery,
                     const std::expected<http::OutboundResponse, http::CallFailure>& answer,
                     Timestamp began, Timestamp now, Random& random) {
  AttemptVerdict verdict;
  auto& attempt = verdict.attempt;
  attempt.number = delivery.attempts_total + 1;
  attempt.at = began;
  attempt.duration = now - began;
  const int attempts = delivery.attempts + 1;
  if (answer) {
    attempt.http_status = answer->status;
    attempt.answer = beginning(answer->body);
    if (answer->status >= 200 && answer->status < 300) return verdict;
    verdict.endpoint_gone = answer->status == 410;
    verdict.healthy = answer->status < 500 && !throttles(answer->status);
    attempt.failure = "bad_status";
  } else {
    attempt.failure = name(answer.error());
    verdict.healthy = answer.error() == http::CallFailure::destination_forbidden;
  }
  const bool never = verdict.endpoint_gone ||
                     (!answer && answer.error() == http::CallFailure::destination_forbidden);
  const auto wait = wait_after(attempts, random);
  if (never || !wait) {
    verdict.state = store::DeliveryState::exhausted;
    return verdict;
  }
  verdict.state = store::DeliveryState::waiting;
  verdict.next_at = now + *wait;
  if (answer && throttles(answer->status)) {
    if (const auto value = answer->headers.get("Retry-After")) {
      const auto asked = http::retry_after(*value, now);
      verdict.next_at = std::max(*verdict.next_at, asked.value_or(*verdict.next_at));
    }
  }
  return verdict;
}

}  // namespace belfry::webhook
