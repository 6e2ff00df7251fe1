#include "dispatch/push_outcome.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "http/media_type.hpp"
#include "http/retry_after.hpp"
#include "json/check.hpp"
#include "json/writer.hpp"

namespace belfry::dispatch {
namespace {

using outbox::AttemptEnd;

constexpr std::size_t kAnswerBytesShown = 1'024;

bool says_json(const http::OutboundResponse& answer) {
  return http::is_json_type(answer.headers.get("Content-Type").value_or(""));
}

bool never_retry(const http::OutboundResponse& answer) {
  return answer.status == 410 || answer.headers.get("Belfry-Retry") == "never";
}

// What the target says of its failure is its owner's own text: shown, if it is text.
std::string error_of(const http::OutboundResponse& answer) {
  auto error = fmt::format("the target answered {}", answer.status);
  auto words = answer.body;
  cut_utf8(words, kAnswerBytesShown);
  if (!words.empty() && is_utf8(words)) error += ": " + words;
  return error;
}

PushOutcome failed(std::string error, bool retryable, int status) {
  PushOutcome outcome;
  outcome.end.kind = AttemptEnd::Kind::failed;
  outcome.end.error = std::move(error);
  outcome.end.retryable = retryable;
  outcome.end.http_status = status;
  return outcome;
}

}  // namespace

std::string result_of(const http::OutboundResponse& answer) {
  if (answer.body.empty()) return "";
  const bool whole = !answer.body_truncated && answer.body.size() <= domain::kResultBytesMax;
  if (whole && says_json(answer) && json::check(answer.body, domain::kJsonDepthMax)) {
    return answer.body;
  }
  return json::string_that_fits(answer.body.substr(0, domain::kResultBytesMax),
                                domain::kResultBytesMax);
}

PushOutcome push_outcome(const CallAnswer& answer, Timestamp now) {
  if (!answer) {
    const bool forbidden = answer.error().failure == http::CallFailure::destination_forbidden;
    return failed(std::string(name(answer.error().failure)), !forbidden, 0);
  }
  if (answer->status == 202) {
    PushOutcome outcome;
    outcome.accepted = true;
    return outcome;
  }
  if (answer->status >= 200 && answer->status < 300) {
    PushOutcome outcome;
    outcome.end.http_status = answer->status;
    outcome.end.result = result_of(*answer);
    return outcome;
  }
  auto outcome = failed(error_of(*answer), !never_retry(*answer), answer->status);
  if (http::heeds_retry_after(answer->status)) {
    if (const auto value = answer->headers.get("Retry-After")) {
      outcome.end.not_before = http::retry_after(*value, now);
    }
  }
  return outcome;
}

}  // namespace belfry::dispatch
