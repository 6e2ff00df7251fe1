#include "api/body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "http/media_type.hpp"
#include "http/percent.hpp"
#include "json/check.hpp"

namespace belfry::api {

bool has_media_type(const http::Request& request, std::string_view type) {
  return http::has_media_type(request.headers, type);
}

Result<json::Value> json_body(const http::Request& request) {
  if (request.body.empty()) {
    return fail(ErrorCode::invalid_json, "the body is empty; send a JSON object");
  }
  if (const auto ok = json::check(request.body, domain::kJsonDepthMax); !ok) {
    return fail(ok.error());
  }
  return json::Value(request.body);
}

Result<json::Value> optional_json_body(const http::Request& request) {
  if (request.body.empty()) return json::Value("{}");
  return json_body(request);
}

Error query_error(std::string_view parameter, std::string detail) {
  return Error{ErrorCode::invalid_query,
               fmt::format("query parameter {}: {}", parameter, detail),
               {{std::string(parameter), std::move(detail)}}};
}

namespace {

// "tag=a,b" as "tag=a&tag=b": a comma parts values while it stands as it is, and %2C is part of
// one.
std::string one_value_each(std::string_view raw, const std::vector<std::string_view>& repeatable) {
  std::string out;
  while (!raw.empty()) {
    const auto end = std::min(raw.find('&'), raw.size());
    const auto part = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    const auto key = part.substr(0, part.find('='));
    const bool several = std::find(repeatable.begin(), repeatable.end(), key) != repeatable.end();
    for (const char c : part) {
      if (c == ',' && several) {
        out.append("&").append(key).append("=");
      } else {
        out += c;
      }
    }
    out += '&';
  }
  return out;
}

Error unknown_parameter(const std::string& key, std::vector<std::string_view> known,
                        const std::vector<std::string_view>& repeatable) {
  known.insert(known.end(), repeatable.begin(), repeatable.end());
  const auto there_are = known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "));
  return Error{ErrorCode::invalid_query,
               fmt::format("unknown query parameter; this call takes {}", there_are),
               {{key.substr(0, 64), "unknown parameter"}}};
}

}  // namespace

Result<Query> Query::read(const http::Request& request, std::vector<std::string_view> known,
                          std::vector<std::string_view> repeatable) {
  auto values = http::parse_query(one_value_each(request.query, repeatable));
  if (!values) {
    return fail(ErrorCode::invalid_query, "the query is not valid percent-encoded UTF-8");
  }
  for (auto at = values->begin(); at != values->end(); ++at) {
    const auto& key = at->first;
    const auto in = [&](const std::vector<std::string_view>& list) {
      return std::find(list.begin(), list.end(), key) != list.end();
    };
    if (in(repeatable)) continue;
    if (!in(known)) {
      return fail(unknown_parameter(key, std::move(known), repeatable));
    }
    const auto same = [&](const auto& other) { return other.first == key; };
    if (std::count_if(values->begin(), values->end(), same) > 1) {
      return fail(query_error(key, "is given more than once"));
    }
  }
  Query query;
  query.values_ = std::move(*values);
  return query;
}

std::optional<std::string> Query::one(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Query::many(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [key, value] : values_) {
    if (key == name && !value.empty()) all.push_back(value);
  }
  return all;
}

Result<int> Query::limit() const {
  const auto text = one("limit");
  if (!text) return domain::kPageLimitDefault;
  int limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc{} || end != text->data() + text->size() || limit < 1 ||
      limit > domain::kPageLimitMax) {
    return fail(query_error(
        "limit", fmt::format("must be a whole number from 1 to {}", domain::kPageLimitMax)));
  }
  return limit;
}

Result<std::optional<Timestamp>> Query::time(std::string_view name,
                                             const LocalTimeRule& zone) const {
  const auto text = one(name);
  if (!text) return std::optional<Timestamp>{};
  const auto time = parse_time(*text, zone);
  if (!time) {
    return fail(query_error(name, "must be a time like 2026-11-23T18:21:04Z ('+' as %2B)"));
  }
  return std::optional(*time);
}

std::string Query::canonical() const {
  auto sorted = values_;
  std::erase_if(sorted, [](const auto& v) { return v.first == "cursor" || v.first == "limit"; });
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (const auto& [key, value] : sorted) {
    text += fmt::format("{}:{}={}:{}&", key.size(), key, value.size(), value);
  }
  return text;
}

std::string next_link(const http::Request& request, std::string_view cursor) {
  std::string query;
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto part = rest.substr(0, end);
    if (!part.empty() && !part.starts_with("cursor=")) query += fmt::format("{}&", part);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  // What clients send raw, a '>' for one, would end the link early.
  return fmt::format("<{}?{}cursor={}>; rel=\"next\"", http::encode_path(request.path),
                     http::encode_query(query), cursor);
}

}  // namespace belfry::api
