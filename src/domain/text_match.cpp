#include "domain/text_match.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/encoding.hpp"

namespace belfry::domain {
namespace {

constexpr auto kLowerAscii = [] {
  std::array<char, 128> table{};
  for (int c = 0; c < 128; ++c) {
    table[static_cast<std::size_t>(c)] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return table;
}();

void append_utf8(std::string& out, utf8proc_int32_t character) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(character, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

void append_by_rule(std::string& out, utf8proc_int32_t character) {
  std::array<utf8proc_int32_t, 4> folded{};  // a character becomes three at most
  int boundary = 0;
  const auto count = utf8proc_decompose_char(character, folded.data(), folded.size(),
                                             UTF8PROC_CASEFOLD, &boundary);
  for (int i = 0; i < count && i < static_cast<int>(folded.size()); ++i) {
    append_utf8(out, folded[static_cast<std::size_t>(i)]);
  }
}

// The alphabets of two bytes, ready folded: looking each character up anew is four times slower.
constexpr std::size_t kTwoBytes = 0x800;
struct Short {
  std::array<char, 6> bytes{};
  std::size_t size = 0;
};

std::array<Short, kTwoBytes> make_short_table() {
  std::array<Short, kTwoBytes> table{};
  for (std::size_t c = 0; c < kTwoBytes; ++c) {
    std::string folded;
    append_by_rule(folded, static_cast<utf8proc_int32_t>(c));
    folded.copy(table[c].bytes.data(), table[c].bytes.size());
    table[c].size = std::min(folded.size(), table[c].bytes.size());
  }
  return table;
}

void append_folded(std::string& out, utf8proc_int32_t character) {
  static const auto kTable = make_short_table();
  if (character >= 0 && static_cast<std::size_t>(character) < kTwoBytes) {
    const auto& folded = kTable[static_cast<std::size_t>(character)];
    out.append(folded.bytes.data(), folded.size);
  } else {
    append_by_rule(out, character);
  }
}

// Appends the character at the front of `rest`, folded, and gives its length.
std::size_t fold_front(std::string& out, std::string_view rest) {
  const auto first = static_cast<unsigned char>(rest.front());
  if (first < 128) {
    out.push_back(kLowerAscii[first]);
    return 1;
  }
  const auto length = utf8_length(rest);
  if (length == 0) {
    out.push_back(rest.front());
    return 1;
  }
  const auto second = static_cast<unsigned char>(rest[1]);
  utf8proc_int32_t character = (first & 0x1f) << 6 | (second & 0x3f);
  if (length > 2) {
    utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                     static_cast<utf8proc_ssize_t>(length), &character);
  }
  append_folded(out, character);
  return length;
}

int hex4(std::string_view digits) {
  int code = 0;
  for (const char c : digits.substr(0, 4)) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    code = code << 4 | (digit & 0xf);
  }
  return code;
}

// `rest` starts with a backslash.
std::size_t fold_escape(std::string& out, std::string_view rest) {
  const char kind = rest.size() > 1 ? rest[1] : '\\';
  if (kind == 'u' && rest.size() >= 6) {
    const int code = hex4(rest.substr(2));
    const bool pair = code >= 0xd800 && code < 0xdc00 && rest.size() >= 12;
    append_folded(
        out, pair ? 0x10000 + ((code - 0xd800) << 10) + (hex4(rest.substr(8)) - 0xdc00) : code);
    return pair ? 12 : 6;
  }
  constexpr std::string_view kKinds = "bfnrt";
  constexpr std::string_view kMeant = "\b\f\n\r\t";
  const auto at = kKinds.find(kind);
  out.push_back(at == kKinds.npos ? kind : kMeant[at]);
  return 2;
}

// Kept between calls: a page may look at many thousand payloads.
std::string& buffer() {
  thread_local std::string text;
  text.clear();
  return text;
}

void fold_into(std::string& out, std::string_view text) {
  while (!text.empty()) {
    // Most text is ASCII for long stretches: these are folded without looking at each twice.
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 128; };
    const auto end = std::find_if_not(text.begin(), text.end(), is_ascii);
    const auto length = static_cast<std::size_t>(end - text.begin());
    const auto before = out.size();
    out.resize(before + length);
    std::transform(text.begin(), end, out.begin() + static_cast<std::ptrdiff_t>(before),
                   [](char c) { return kLowerAscii[static_cast<unsigned char>(c)]; });
    text.remove_prefix(length);
    if (!text.empty()) text.remove_prefix(fold_front(out, text));
  }
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  fold_into(out, text);
  return out;
}

bool text_holds(std::string_view text, std::string_view folded) {
  auto& out = buffer();
  fold_into(out, text);
  return out.find(folded) != std::string::npos;
}

bool json_holds(std::string_view json, std::string_view folded) {
  if (text_holds(json, folded)) return true;
  if (json.find('\\') == json.npos) return false;
  auto& out = buffer();
  while (!json.empty()) {
    const auto length = json.front() == '\\' ? fold_escape(out, json) : fold_front(out, json);
    json.remove_prefix(std::min(length, json.size()));
  }
  return out.find(folded) != std::string::npos;
}

}  // namespace belfry::domain
