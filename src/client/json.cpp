#include "belfry/json.hpp"

#include <algorithm>

#include "json/check.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace belfry::client {
namespace {

// As what a number is written by itself; nothing if that would change its characters.
std::optional<Json> plain_number(const json::Value& value) {
  if (const auto whole = value.int64(); whole && std::to_string(*whole) == value.raw()) {
    return Json(*whole);
  }
  if (const auto number = value.number()) {
    Json plain(*number);
    if (plain.dump() == value.raw()) return plain;
  }
  return std::nullopt;
}

// Depth is bounded by json::check.
Json tree_of(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      return {};
    case json::Kind::boolean:
      return value.boolean().value_or(false);
    case json::Kind::number:
      if (auto plain = plain_number(value)) return std::move(*plain);
      return *Json::raw(value.raw());
    case json::Kind::string:
      return value.string().value_or("");
    case json::Kind::array: {
      auto array = Json::array();
      for (const auto& element : value.elements()) array.push(tree_of(element));
      return array;
    }
    case json::Kind::object: {
      Json::Members members;
      for (const auto& member : value.members()) {
        members.emplace_back(member.key(), tree_of(member.value));
      }
      return Json::from_members(std::move(members));
    }
  }
  return {};
}

}  // namespace

Json Json::array(Items items) {
  Json json;
  json.value_ = std::move(items);
  return json;
}

Json Json::object(std::initializer_list<std::pair<std::string, Json>> members) {
  Json json;
  json.value_ = Members(members);
  return json;
}

Json Json::from_members(Members members) {
  Json json;
  json.value_ = std::move(members);
  return json;
}

std::optional<Json> Json::parse(std::string_view text) {
  if (!json::check(text)) return std::nullopt;
  return tree_of(json::Value(text));
}

std::optional<Json> Json::raw(std::string_view text) {
  if (!json::check(text)) return std::nullopt;
  Json json;
  json.value_ = Exact{std::string(json::Value(text).raw())};
  return json;
}

std::string Json::string_or(std::string_view fallback) const {
  const auto* text = std::get_if<std::string>(&value_);
  return text ? *text : std::string(fallback);
}

std::int64_t Json::integer_or(std::int64_t fallback) const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return *whole;
  const auto* exact = std::get_if<Exact>(&value_);
  return exact ? json::Value(exact->text).int64().value_or(fallback) : fallback;
}

double Json::number_or(double fallback) const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  const auto* exact = std::get_if<Exact>(&value_);
  return exact ? json::Value(exact->text).number().value_or(fallback) : fallback;
}

bool Json::boolean_or(bool fallback) const {
  const auto* flag = std::get_if<bool>(&value_);
  return flag ? *flag : fallback;
}

const Json& Json::operator[](std::string_view key) const {
  static const Json kNull;
  for (const auto& [name, value] : members()) {
    if (name == key) return value;
  }
  return kNull;
}

const Json::Items& Json::items() const {
  static const Items kNone;
  const auto* items = std::get_if<Items>(&value_);
  return items ? *items : kNone;
}

const Json::Members& Json::members() const {
  static const Members kNone;
  const auto* members = std::get_if<Members>(&value_);
  return members ? *members : kNone;
}

Json& Json::set(std::string key, Json value) {
  if (!is_object()) value_ = Members();
  auto& members = std::get<Members>(value_);
  const auto at = std::find_if(members.begin(), members.end(),
                               [&key](const auto& member) { return member.first == key; });
  if (at != members.end()) {
    at->second = std::move(value);
  } else {
    members.emplace_back(std::move(key), std::move(value));
  }
  return *this;
}

Json& Json::push(Json value) {
  if (!is_array()) value_ = Items();
  std::get<Items>(value_).push_back(std::move(value));
  return *this;
}

namespace {

struct Write {
  json::Writer& w;
  void operator()(std::monostate) const { w.null(); }
  void operator()(bool value) const { w.boolean(value); }
  void operator()(std::int64_t value) const { w.number(value); }
  void operator()(double value) const { w.number(value); }
  void operator()(const Json::Exact& value) const { w.raw(value.text); }
  void operator()(const std::string& value) const { w.string(value); }
  void operator()(const Json::Items& items) const {
    w.begin_array();
    for (const auto& item : items) item.visit_value(*this);
    w.end_array();
  }
  void operator()(const Json::Members& members) const {
    w.begin_object();
    for (const auto& [key, value] : members) {
      w.key(key);
      value.visit_value(*this);
    }
    w.end_object();
  }
};

}  // namespace

std::string Json::dump() const {
  std::string out;
  json::Writer w(out);
  visit_value(Write{w});
  return out;
}

}  // namespace belfry::client
