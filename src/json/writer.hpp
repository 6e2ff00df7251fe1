#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace belfry::json {

// Appends compact JSON to a string that outlives it. Commas come by themselves; that begin and end
// match, and that members have keys, is the caller's part. Strings that are not UTF-8 get U+FFFD in
// place of what is broken; U+2028 and U+2029 are escaped, so that the text is also JavaScript.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);

  Writer& string(std::string_view text);
  Writer& number(std::int64_t value);
  Writer& number(std::uint64_t value);
  Writer& number(int value) { return number(std::int64_t{value}); }
  Writer& number(double value);  // shortest that reads back the same; null if not finite
  Writer& boolean(bool value);
  Writer& null();
  Writer& raw(std::string_view checked_json);
  Writer& time(Timestamp value);  // RFC 3339 in UTC with milliseconds

  // A key and its value; an empty optional is null.
  template <class T>
  Writer& field(std::string_view name, const T& value) {
    return key(name).value(value);
  }

 private:
  template <class T>
  Writer& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  template <class T>
  Writer& value(const T& plain) {
    if constexpr (std::same_as<T, bool>) {
      return boolean(plain);
    } else if constexpr (std::signed_integral<T>) {
      return number(static_cast<std::int64_t>(plain));
    } else if constexpr (std::unsigned_integral<T>) {
      return number(static_cast<std::uint64_t>(plain));
    } else if constexpr (std::floating_point<T>) {
      return number(static_cast<double>(plain));
    } else if constexpr (std::same_as<T, Timestamp>) {
      return time(plain);
    } else {
      return string(plain);
    }
  }
  void before_value();

  std::string& out_;
  bool comma_ = false;  // something stands before the next value on its level
};

// The text as a JSON string of at most `bytes_max` bytes (two or more): as much of its beginning
// as fits.
std::string string_that_fits(std::string text, std::size_t bytes_max);

}  // namespace belfry::json
