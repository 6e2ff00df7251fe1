#include "dispatch/push_outcome.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/encoding.hpp"
#include "json/check.hpp"
#include "json/writer.hpp"

namespace belfry::dispatch {
namespace {

using outbox::AttemptEnd;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT": brought into the form that parse_time reads.
std::optional<Timestamp> http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',') return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  return parse_time(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - kMonths.begin() + 1,
                                text.substr(5, 2), text.substr(17, 8)));
}

bool says_json(const http::OutboundResponse& answer) {
  const auto type = answer.headers.get("Content-Type").value_or("");
  return type.starts_with("application/json") || type.find("+json") != std::string_view::npos;
}

bool never_retry(const http::OutboundResponse& answer) {
  return answer.status == 410 || answer.headers.get("Belfry-Retry") == "never";
}

PushOutcome failed(std::string error, bool retryable, bool healthy, int status) {
  PushOutcome outcome;
  outcome.healthy = healthy;
  outcome.end.kind = AttemptEnd::Kind::failed;
  outcome.end.error = std::move(error);
  outcome.end.retryable = retryable;
  outcome.end.http_status = status;
  return outcome;
}

}  // namespace

std::optional<Timestamp> retry_after(std::string_view value, Timestamp now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  std::optional<Timestamp> at;
  if (error == std::errc::result_out_of_range) {
    at = now + domain::kRetryAfterMax;
  } else if (error == std::errc{} && end == value.data() + value.size() && seconds >= 0) {
    const auto most = std::chrono::duration_cast<std::chrono::seconds>(domain::kRetryAfterMax);
    at = now + std::min(std::chrono::seconds{seconds}, most);
  } else {
    at = http_date(value);
  }
  if (!at) return std::nullopt;
  return std::min(*at, now + domain::kRetryAfterMax);
}

std::string result_of(const http::OutboundResponse& answer) {
  if (answer.body.empty()) return "";
  const bool whole = !answer.body_truncated && answer.body.size() <= domain::kResultBytesMax;
  if (whole && says_json(answer) && json::check(answer.body, domain::kJsonDepthMax)) {
    return answer.body;
  }
  std::string out;
  json::Writer(out).string(std::string_view(answer.body).substr(0, domain::kResultBytesMax));
  return out;
}

PushOutcome push_outcome(const std::expected<http::OutboundResponse, http::CallFailure>& answer,
                         Timestamp now) {
  if (!answer) {
    const bool forbidden = answer.error() == http::CallFailure::destination_forbidden;
    return failed(std::string(name(answer.error())), !forbidden, forbidden, 0);
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
  auto outcome = failed(fmt::format("the target answered {}", answer->status),
                        !never_retry(*answer), answer->status < 500, answer->status);
  if (answer->status == 429 || answer->status == 503) {
    if (const auto value = answer->headers.get("Retry-After")) {
      outcome.end.not_before = retry_after(*value, now);
    }
  }
  return outcome;
}

}  // namespace belfry::dispatch
