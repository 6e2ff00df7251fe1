#include "http/sse.hpp"

#include <algorithm>

namespace belfry::http {
namespace {

void append_line(std::string& out, std::string_view field, std::string_view value) {
  out.append(field);
  for (const char c : value) {
    out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
  }
  out.push_back('\n');
}

}  // namespace

std::string sse_event(std::string_view id, std::string_view event, std::string_view data) {
  std::string out;
  out.reserve(id.size() + event.size() + data.size() + 32);
  if (!id.empty()) {
    append_line(out, "id: ", id);
  }
  if (!event.empty()) {
    append_line(out, "event: ", event);
  }
  for (;;) {
    const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
    append_line(out, "data: ", data.substr(0, end));
    if (end == data.size()) {
      break;
    }
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  out.push_back('\n');
  return out;
}

std::string sse_comment(std::string_view text) {
  std::string out;
  append_line(out, ": ", text);
  out.push_back('\n');
  return out;
}

}  // namespace belfry::http
