#include "api/bulk_items.hpp"

#include <algorithm>

#include "json/check.hpp"

namespace belfry::api {
namespace {

BulkItems line_items(std::string_view text, std::size_t max) {
  BulkItems items;
  while (!text.empty() && items.texts.size() <= max) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    items.texts.push_back(line);
  }
  return items;
}

}  // namespace

Result<BulkItems> bulk_items(const http::Request& request, std::size_t max) {
  if (has_media_type(request, kLines)) return line_items(request.body, max);
  BulkItems items;
  const auto body = json_body(request);
  items.checked = body.has_value();
  if (!body) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    const auto first = std::find_if_not(request.body.begin(), request.body.end(), is_space);
    if (first == request.body.end() || *first != '[') return fail(body.error());
    if (!json::check_syntax(request.body)) return fail(body.error());
  }
  for (const auto& element : json::Value(request.body).elements()) {
    items.texts.push_back(element.raw());
    if (items.texts.size() > max) break;
  }
  return items;
}

}  // namespace belfry::api
