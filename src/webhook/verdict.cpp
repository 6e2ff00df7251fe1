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

// The next place in the schedule, or its end.
void go_on_by_schedule(AttemptVerdict& verdict, int attempts, Timestamp now, Random& random) {
  const auto wait = wait_after(attempts, random);
  verdict.state = wait ? store::DeliveryState::waiting : store::DeliveryState::exhausted;
  if (wait) verdict.next_at = now + *wait;
}

}  // namespace

AttemptVerdict judge(const store::DeliveryRow& delivery,
                     const std::expected<http::OutboundResponse, http::CallError>& answer,
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
    attempt.failure = "bad_status";
  } else {
    attempt.failure = name(answer.error().failure);
  }
  const bool never =
      verdict.endpoint_gone ||
      (!answer && answer.error().failure == http::CallFailure::destination_forbidden);
  if (never) {
    verdict.state = store::DeliveryState::exhausted;
    return verdict;
  }
  go_on_by_schedule(verdict, attempts, now, random);
  if (verdict.next_at && answer && http::heeds_retry_after(answer->status)) {
    if (const auto value = answer->headers.get("Retry-After")) {
      const auto asked = http::retry_after(*value, now);
      verdict.next_at = std::max(*verdict.next_at, asked.value_or(*verdict.next_at));
    }
  }
  return verdict;
}

}  // namespace belfry::webhook
