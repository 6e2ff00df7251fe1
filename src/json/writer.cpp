#include "json/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/encoding.hpp"

namespace belfry::json {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::string_view kHex = "0123456789abcdef";

constexpr std::array<bool, 256> plain_table() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte) table[byte] = byte != '"' && byte != '\\';
  return table;
}
constexpr std::array<bool, 256> kPlain = plain_table();

bool is_plain(char c) {
  return kPlain[static_cast<unsigned char>(c)];
}

void append_control(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out.push_back('\\');
      out.push_back(c);
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default: {
      const auto byte = static_cast<unsigned char>(c);
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xf]);
    }
  }
}

// Appends the character at the front of `text` and tells how many bytes it took.
std::size_t append_special(std::string& out, std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) {
    append_control(out, text.front());
    return 1;
  }
  const std::size_t length = utf8_length(text);
  const std::string_view character = text.substr(0, length);
  if (length == 0) {
    out.append(kReplacement);
    return 1;
  }
  if (character == "\xe2\x80\xa8") {
    out.append("\\u2028");
  } else if (character == "\xe2\x80\xa9") {
    out.append("\\u2029");
  } else {
    out.append(character);
  }
  return length;
}

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void Writer::before_value() {
  if (comma_) {
    out_.push_back(',');
  }
  comma_ = true;
}

Writer& Writer::begin_object() {
  before_value();
  out_.push_back('{');
  comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  out_.push_back('}');
  comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  before_value();
  out_.push_back('[');
  comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  out_.push_back(']');
  comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  string(name);
  out_.push_back(':');
  comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  before_value();
  out_.push_back('"');
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) {
      ++plain;
    }
    out_.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (!text.empty()) {
      text.remove_prefix(append_special(out_, text));
    }
  }
  out_.push_back('"');
  return *this;
}

Writer& Writer::number(std::int64_t value) {
  before_value();
  append_number(out_, value);
  return *this;
}

Writer& Writer::number(std::uint64_t value) {
  before_value();
  append_number(out_, value);
  return *this;
}

Writer& Writer::number(double value) {
  if (!std::isfinite(value)) {
    return null();
  }
  before_value();
  append_number(out_, value);
  return *this;
}

Writer& Writer::boolean(bool value) {
  before_value();
  out_.append(value ? "true" : "false");
  return *this;
}

Writer& Writer::null() {
  before_value();
  out_.append("null");
  return *this;
}

Writer& Writer::raw(std::string_view checked_json) {
  before_value();
  out_.append(checked_json);
  return *this;
}

Writer& Writer::time(Timestamp value) {
  return string(format_time(value));
}

std::string string_that_fits(std::string text, std::size_t bytes_max) {
  cut_utf8(text, bytes_max);
  for (;;) {
    std::string out;
    Writer(out).string(text);
    if (out.size() <= bytes_max) return out;
    // An escape is up to six times as long as its character.
    const auto excess = out.size() - bytes_max;
    cut_utf8(text, text.size() - std::min(text.size(), std::max<std::size_t>(excess / 6, 1)));
  }
}

}  // namespace belfry::json
