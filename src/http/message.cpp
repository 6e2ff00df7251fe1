#include "http/message.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "http/percent.hpp"

namespace belfry::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::optional<std::string> decode_component(std::string_view raw) {
  std::string spaced(raw);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto text = percent_decode(spaced);
  return text && is_utf8(*text) ? text : std::nullopt;
}

}  // namespace

bool same_field_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
  }
  CHECK(false);
}

void Headers::add(std::string name, std::string value) {
  constexpr std::size_t kUsual = 8;
  if (fields_.empty()) fields_.reserve(kUsual);
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return same_field_name(field.first, name); });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (same_field_name(field, name)) {
      return value;
    }
  }
  return std::nullopt;
}

void Headers::drop_longer_than(std::size_t bytes) {
  std::erase_if(fields_, [bytes](const auto& field) {
    return field.first.size() + field.second.size() > bytes;
  });
  fields_.shrink_to_fit();
}

bool has_media_type(const Headers& headers, std::string_view type) {
  const auto value = headers.get("Content-Type").value_or("");
  return same_field_name(value.substr(0, value.find_first_of("; \t")), type);
}

bool is_utf_8(const Headers& headers) {
  std::string_view rest = headers.get("Content-Type").value_or("");
  while (!rest.empty()) {
    rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t;"), rest.size()));
    const auto parameter = rest.substr(0, rest.find_first_of("; \t"));
    const auto equals = std::min(parameter.find('='), parameter.size());
    if (!same_field_name(parameter.substr(0, equals), "charset")) continue;
    auto charset = parameter.substr(std::min(equals + 1, parameter.size()));
    if (charset.size() > 1 && charset.starts_with('"') && charset.ends_with('"')) {
      charset = charset.substr(1, charset.size() - 2);
    }
    if (!same_field_name(charset, "utf-8") && !same_field_name(charset, "utf8") &&
        !same_field_name(charset, "us-ascii")) {
      return false;
    }
  }
  return true;
}

void release_content(Request& request) {
  constexpr std::size_t kFieldBytesKept = 256;
  request.body = {};
  request.headers.drop_longer_than(kFieldBytesKept);
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(),
                    [&](const auto& field) { return same_field_name(field.first, name); }));
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = decode_component(pair.substr(0, equals));
    auto value = decode_component(pair.substr(std::min(equals + 1, pair.size())));
    if (!key || !value) {
      return std::nullopt;
    }
    parameters.emplace_back(std::move(*key), std::move(*value));
  }
  return parameters;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view raw) {
  return parse_query(raw);
}

}  // namespace belfry::http
