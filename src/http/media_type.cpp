#include "http/media_type.hpp"

#include <algorithm>

namespace belfry::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string media_type(std::string_view content_type) {
  auto named = content_type.substr(0, content_type.find(';'));
  while (!named.empty() && (named.front() == ' ' || named.front() == '\t')) named.remove_prefix(1);
  while (!named.empty() && (named.back() == ' ' || named.back() == '\t')) named.remove_suffix(1);
  const auto slash = std::min(named.find('/'), named.size());
  if (!is_token(named.substr(0, slash)) || slash == named.size()) return {};
  if (!is_token(named.substr(slash + 1))) return {};
  std::string type(named);
  std::ranges::transform(type, type.begin(), lower);
  return type;
}

bool is_json_type(std::string_view content_type) {
  const auto type = media_type(content_type);
  return type == "application/json" || (type.ends_with("+json") && !type.ends_with("/+json"));
}

}  // namespace belfry::http
