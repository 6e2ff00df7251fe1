#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace belfry::client {

// A JSON value as a tree: for building what is sent and reading what came. Members keep their
// order, and numbers their value: one that neither std::int64_t nor double would write with the
// same characters (18446744073709551615, 0.10, 1e400) is kept as Exact text, and written as it
// came. Two values are equal when they are of one kind and written alike. A plain value type; a
// reference into it lives until the tree changes.
class Json {
 public:
  using Items = std::vector<Json>;
  using Members = std::vector<std::pair<std::string, Json>>;
  // JSON text that is written unchanged. A number reads as one where it fits; anything else in it
  // is opaque: no string, no items, no members.
  struct Exact {
    std::string text;
    bool operator==(const Exact&) const = default;
  };

  Json() = default;  // null
  Json(std::nullptr_t) {}
  template <std::same_as<bool> B>
  Json(B value) : value_(value) {}
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Json(I value) {
    // What does not fit is unsigned, and keeps its digits.
    if (value > I{0} && static_cast<std::uintmax_t>(value) > kIntegerMax) {
      value_ = Exact{std::to_string(value)};
    } else {
      value_ = static_cast<std::int64_t>(value);
    }
  }
  Json(double value) : value_(value) {}  // written as null if it is not finite: JSON has no word
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}

  static Json array(Items items = {});
  static Json object(std::initializer_list<std::pair<std::string, Json>> members = {});
  static Json from_members(Members members);  // no key twice
  // One value of strict RFC 8259 JSON (UTF-8, no key twice, at most 32 levels), or nothing.
  static std::optional<Json> parse(std::string_view text);
  // The same, kept as Exact text whatever it is: for a payload that must arrive to the character.
  static std::optional<Json> raw(std::string_view text);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Items>(value_); }
  bool is_object() const { return std::holds_alternative<Members>(value_); }

  // The value if it is of that kind and fits, else the fallback.
  std::string string_or(std::string_view fallback) const;
  std::int64_t integer_or(std::int64_t fallback) const;
  double number_or(double fallback) const;
  bool boolean_or(bool fallback) const;

  // The member of that name; null if there is none, or if this is no object.
  const Json& operator[](std::string_view key) const;
  const Items& items() const;      // empty unless an array
  const Members& members() const;  // empty unless an object

  // Adds or replaces a member; a value that is no object becomes one.
  Json& set(std::string key, Json value);
  // Appends; a value that is no array becomes one.
  Json& push(Json value);

  std::string dump() const;  // compact
  // Calls `visitor` with the std::monostate (null), bool, std::int64_t, double, Exact, std::string,
  // Items or Members inside.
  template <class Visitor>
  decltype(auto) visit_value(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), value_);
  }
  bool operator==(const Json&) const = default;

 private:
  static constexpr std::uintmax_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
  std::variant<std::monostate, bool, std::int64_t, double, Exact, std::string, Items, Members>
      value_;
};

}  // namespace belfry::client
