#include "http/request_head.hpp"

#include <algorithm>
#include <array>

namespace belfry::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

// Fields that decide where the message ends or that speak to the next hop only.
bool is_own(std::string_view name) {
  constexpr std::array<std::string_view, 12> kOwn = {"host",
                                                     "content-length",
                                                     "connection",
                                                     "transfer-encoding",
                                                     "te",
                                                     "trailer",
                                                     "upgrade",
                                                     "expect",
                                                     "keep-alive",
                                                     "proxy-connection",
                                                     "proxy-authorization",
                                                     "accept-encoding"};
  return std::ranges::any_of(kOwn, [&](std::string_view own) { return same_name(own, name); });
}

bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

void append_allowed(std::string& head, std::string_view name, std::string_view value) {
  if (is_token(name) && is_value(value) && !is_own(name)) append_field(head, name, value);
}

bool carries_body(Method method) {
  return method == Method::post || method == Method::put || method == Method::patch;
}

}  // namespace

std::string request_head(const OutboundRequest& request) {
  std::string head;
  head.reserve(512 + request.url.target.size());
  head += name(request.method);
  head += ' ';
  head += request.url.target;
  head += " HTTP/1.1\r\n";
  append_field(head, "Host", request.url.authority());
  for (const auto& [field, value] : request.headers.fields()) append_allowed(head, field, value);
  if (request.headers_at_sending) {
    for (const auto& [field, value] : request.headers_at_sending(request.body)) {
      append_allowed(head, field, value);
    }
  }
  if (!request.body.empty() || carries_body(request.method)) {
    append_field(head, "Content-Length", std::to_string(request.body.size()));
  }
  head += "\r\n";
  return head;
}

}  // namespace belfry::http
