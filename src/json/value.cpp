#include "json/value.hpp"

#include <algorithm>
#include <charconv>

#include "base/check.hpp"

namespace belfry::json {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view skip_space(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

// `text` starts with a quote; the length of the string with both quotes.
std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  for (;;) {
    while (at < text.size() && text[at] != '"' && text[at] != '\\') {
      ++at;
    }
    CHECK(at < text.size());
    if (text[at] == '"') {
      return at + 1;
    }
    at += 2;
  }
}

// `text` starts with a bracket; counts brackets outside strings, without recursion.
std::size_t container_length(std::string_view text) {
  std::size_t depth = 0;
  std::size_t at = 0;
  for (;;) {
    CHECK(at < text.size());
    switch (text[at]) {
      case '"':
        at += string_length(text.substr(at));
        continue;
      case '[':
      case '{':
        ++depth;
        break;
      case ']':
      case '}':
        if (--depth == 0) {
          return at + 1;
        }
        break;
      default:
        break;
    }
    ++at;
  }
}

// `text` starts with the value.
std::size_t value_length(std::string_view text) {
  CHECK(!text.empty());
  switch (text.front()) {
    case '"':
      return string_length(text);
    case '[':
    case '{':
      return container_length(text);
    default:
      return std::min(text.size(), text.find_first_of(",]} \t\r\n"));
  }
}

// Cuts one value off the front.
Value take_value(std::string_view& rest) {
  const std::string_view text = skip_space(rest);
  const std::size_t length = value_length(text);
  rest = skip_space(text.substr(length));
  return Value(text.substr(0, length));
}

unsigned hex4(std::string_view digits) {
  unsigned code = 0;
  std::from_chars(digits.data(), digits.data() + 4, code, 16);
  return code;
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&out](unsigned bits) { out.push_back(static_cast<char>(bits)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

// `rest` starts after the backslash; appends the character and tells how much it took.
std::size_t append_escape(std::string& out, std::string_view rest) {
  switch (rest.front()) {
    case 'b':
      out.push_back('\b');
      return 1;
    case 'f':
      out.push_back('\f');
      return 1;
    case 'n':
      out.push_back('\n');
      return 1;
    case 'r':
      out.push_back('\r');
      return 1;
    case 't':
      out.push_back('\t');
      return 1;
    case 'u': {
      const unsigned code = hex4(rest.substr(1));
      if (code < 0xd800 || code > 0xdfff) {
        append_utf8(out, code);
        return 5;
      }
      // The check has seen to it that a low surrogate follows.
      const unsigned low = hex4(rest.substr(7));
      append_utf8(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
      return 11;
    }
    default:
      out.push_back(rest.front());
      return 1;
  }
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (;;) {
    const std::size_t slash = text.find('\\');
    out.append(text.substr(0, slash));
    if (slash == std::string_view::npos) {
      return out;
    }
    text.remove_prefix(slash + 1);
    text.remove_prefix(append_escape(out, text));
  }
}

std::string_view without_ends(std::string_view text) {
  return text.substr(1, text.size() - 2);
}

// What follows a member or an element: the next one, or nothing.
std::string_view after_comma(std::string_view rest) {
  return rest.empty() ? rest : skip_space(rest.substr(1));
}

}  // namespace

Value::Value(std::string_view checked_text) {
  const std::string_view text = skip_space(checked_text);
  CHECK(!text.empty());
  raw_ = text.substr(0, text.find_last_not_of(kSpace) + 1);
}

Kind Value::kind() const {
  switch (raw_.front()) {
    case 'n':
      return Kind::null;
    case 't':
    case 'f':
      return Kind::boolean;
    case '"':
      return Kind::string;
    case '[':
      return Kind::array;
    case '{':
      return Kind::object;
    default:
      return Kind::number;
  }
}

std::optional<bool> Value::boolean() const {
  return kind() == Kind::boolean ? std::optional(raw_.front() == 't') : std::nullopt;
}

std::optional<std::string> Value::string() const {
  return kind() == Kind::string ? std::optional(unescape(without_ends(raw_))) : std::nullopt;
}

std::optional<std::int64_t> Value::int64() const {
  std::int64_t result = 0;
  const char* const end = raw_.data() + raw_.size();
  const auto [stop, error] = std::from_chars(raw_.data(), end, result);
  return error == std::errc{} && stop == end ? std::optional(result) : std::nullopt;
}

std::optional<double> Value::number() const {
  if (kind() != Kind::number) {
    return std::nullopt;
  }
  double result = 0;
  const auto read = std::from_chars(raw_.data(), raw_.data() + raw_.size(), result);
  return read.ec == std::errc{} ? std::optional(result) : std::nullopt;
}

Members Value::members() const {
  return Members(kind() == Kind::object ? without_ends(raw_) : std::string_view{});
}

Elements Value::elements() const {
  return Elements(kind() == Kind::array ? without_ends(raw_) : std::string_view{});
}

std::optional<Value> Value::find(std::string_view key) const {
  for (const Member& member : members()) {
    if (member.key_is(key)) {
      return member.value;
    }
  }
  return std::nullopt;
}

std::string Member::key() const {
  return unescape(raw_key);
}

bool Member::key_is(std::string_view name) const {
  return raw_key.find('\\') == std::string_view::npos ? raw_key == name : key() == name;
}

Members::Iterator::Iterator(std::string_view inside) : rest_(skip_space(inside)) {
  read();
}

void Members::Iterator::read() {
  done_ = rest_.empty();
  if (!done_) {
    member_.raw_key = without_ends(take_value(rest_).raw());
    rest_.remove_prefix(1);  // the colon
    member_.value = take_value(rest_);
  }
}

Members::Iterator& Members::Iterator::operator++() {
  rest_ = after_comma(rest_);
  read();
  return *this;
}

Elements::Iterator::Iterator(std::string_view inside) : rest_(skip_space(inside)) {
  read();
}

void Elements::Iterator::read() {
  done_ = rest_.empty();
  if (!done_) {
    value_ = take_value(rest_);
  }
}

Elements::Iterator& Elements::Iterator::operator++() {
  rest_ = after_comma(rest_);
  read();
  return *this;
}

}  // namespace belfry::json
