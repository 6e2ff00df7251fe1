// The headers traceparent and tracestate of W3C Trace Context, version 00.
#include <algorithm>

#include "api/task_in.hpp"

namespace belfry::api {
namespace {

constexpr std::size_t kStateBytesMax = 512;
constexpr std::size_t kStateMembersMax = 32;

bool is_traceparent(std::string_view text) {
  const auto hex = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  };
  return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
         hex(text.substr(3, 32)) && hex(text.substr(36, 16)) && hex(text.substr(53)) &&
         text.substr(3, 32).find_first_not_of('0') != std::string_view::npos &&
         text.substr(36, 16).find_first_not_of('0') != std::string_view::npos;
}

// "key=value,key=value", printable ASCII; empty members are allowed and count for nothing.
bool is_tracestate(std::string_view text) {
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!printable || text.size() > kStateBytesMax) return false;
  std::size_t members = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto member = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto key = member.find_first_not_of(' ');
    if (key == std::string_view::npos) continue;
    const auto equals = member.find('=');
    if (equals == std::string_view::npos || equals == key || equals + 1 == member.size()) {
      return false;
    }
    ++members;
  }
  return members > 0 && members <= kStateMembersMax;
}

}  // namespace

TraceContext read_trace(const http::Request& request) {
  const auto one = [&](std::string_view name) {
    const bool alone = request.headers.count(name) == 1;
    return alone ? *request.headers.get(name) : std::string_view();
  };
  TraceContext trace;
  const auto parent = one("traceparent");
  if (!is_traceparent(parent)) return trace;
  trace.parent = parent;
  if (const auto state = one("tracestate"); is_tracestate(state)) trace.state = state;
  return trace;
}

}  // namespace belfry::api
