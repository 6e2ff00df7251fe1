#include "client/lease_calls.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

constexpr std::size_t kLogLineBytesMax = 2'048;
constexpr std::size_t kProgressBytesMax = 256;
constexpr std::size_t kMessageBytesMax = 4'096;

// What the scheduler takes: UTF-8 without U+0000, of that many bytes.
std::string fitting(std::string text, std::size_t bytes_max) {
  std::replace(text.begin(), text.end(), '\0', ' ');
  // The writer puts U+FFFD, which is longer, in place of a broken byte: cut afterwards.
  if (!is_utf8(text)) text = Json::parse(Json(text).dump())->string_or("");
  cut_utf8(text, bytes_max);
  return text;
}

Json body_of(const Lease& lease) {
  return Json::object({{"leaseToken", lease.token}});
}

Client::Call call_of(const Lease& lease, std::string_view what, Json body) {
  Client::Call call;
  call.method = "POST";
  call.path = "/api/v1/tasks/" + percent_encode(lease.task_id) + std::string(what);
  call.body = std::move(body);
  return call;
}

}  // namespace

std::vector<Warning> warnings_of(const Json& answer) {
  std::vector<Warning> warnings;
  for (const auto& warning : answer["warnings"].items()) {
    warnings.push_back({warning["code"].string_or(""), warning["detail"].string_or("")});
  }
  return warnings;
}

Client::Call heartbeat_call(const Lease& lease, const Heartbeat& heartbeat) {
  auto body = body_of(lease);
  body.set("extendMs", heartbeat.extend.count());
  if (heartbeat.percent || !heartbeat.text.empty()) {
    auto progress = Json::object({{"text", fitting(heartbeat.text, kProgressBytesMax)}});
    if (heartbeat.percent) progress.set("percent", std::clamp(*heartbeat.percent, 0, 100));
    body.set("progress", std::move(progress));
  }
  if (!heartbeat.logs.empty()) {
    auto lines = Json::array();
    const auto count = std::min(heartbeat.logs.size(), kLogLinesMax);
    for (std::size_t i = 0; i < count; ++i) {
      lines.push(fitting(heartbeat.logs[i], kLogLineBytesMax));
    }
    body.set("logs", std::move(lines));
  }
  auto call = call_of(lease, "/heartbeat", std::move(body));
  call.timeout = heartbeat.timeout;
  call.stop = heartbeat.stop;
  return call;
}

Client::Call complete_call(const Lease& lease, Json result) {
  auto body = body_of(lease);
  body.set("result", std::move(result));
  return call_of(lease, "/complete", std::move(body));
}

Client::Call fail_call(const Lease& lease, std::string message, bool retryable) {
  auto body = body_of(lease);
  body.set("errorMessage", fitting(std::move(message), kMessageBytesMax))
      .set("retryable", retryable);
  return call_of(lease, "/fail", std::move(body));
}

}  // namespace belfry::client
