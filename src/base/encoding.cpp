#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace belfry {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoValue = 0xff;
using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(kNoValue);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr Values kBase64Values = values_of(kBase64);
constexpr Values kBase64UrlValues = values_of(kBase64Url);

constexpr std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

// Without padding: three bytes make four digits, a rest of one or two bytes makes two or three.
std::string encode64(std::string_view bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const auto group = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    text += alphabet[group >> 18];
    text += alphabet[group >> 12 & 63];
    text += alphabet[group >> 6 & 63];
    text += alphabet[group & 63];
  }
  const auto rest = bytes.size() - i;
  if (rest == 0) return text;
  const auto group = byte_at(bytes, i) << 16 | (rest == 2 ? byte_at(bytes, i + 1) << 8 : 0);
  text += alphabet[group >> 18];
  text += alphabet[group >> 12 & 63];
  if (rest == 2) text += alphabet[group >> 6 & 63];
  return text;
}

std::optional<std::string> decode64(std::string_view text, const Values& values) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto value = values[static_cast<unsigned char>(c)];
    if (value == kNoValue) return std::nullopt;
    bits = (bits << 6 | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>(bits >> held & 0xff);
    }
  }
  // The bits that are left over must be zero, or one value would have several spellings.
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

// Eight tables: the checksum of every stored row runs through here, so it takes 8 bytes a step.
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    auto crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    tables[0][i] = crc;
  }
  for (std::size_t t = 1; t < tables.size(); ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
    }
  }
  return tables;
}

constexpr CrcTables kCrc = make_crc_tables();

std::uint32_t little_endian32(std::string_view bytes, std::size_t i) {
  return byte_at(bytes, i) | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2) << 16 |
         byte_at(bytes, i + 3) << 24;
}

// The length of the UTF-8 sequence that starts at `at`, or 0 if it is ill-formed (RFC 3629).
std::size_t utf8_sequence(std::string_view text, std::size_t at) {
  const auto lead = byte_at(text, at);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || text.size() - at < length) return 0;
  // The second byte has a narrower range after four leads: overlong forms, surrogates, > U+10FFFF.
  const std::uint32_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint32_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte_at(text, at + 1) < low || byte_at(text, at + 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

// Reads fixed-width fields from the front of a time; every method is false on a mismatch.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool next_is(char c) const { return !text_.empty() && text_.front() == c; }
  bool skip(char c) {
    if (!next_is(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool skip_letter(char upper) { return skip(upper) || skip(static_cast<char>(upper + 32)); }
  bool number(std::size_t digits, int& value) {
    if (text_.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(text_[i])) return false;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return true;
  }
  // One to nine digits, cut to milliseconds.
  bool fraction(int& millis) {
    std::size_t digits = 0;
    millis = 0;
    for (; digits < text_.size() && is_digit(text_[digits]); ++digits) {
      if (digits < 3) millis = millis * 10 + (text_[digits] - '0');
    }
    if (digits == 0 || digits > 9) return false;
    for (auto scale = digits; scale < 3; ++scale) millis *= 10;
    text_.remove_prefix(digits);
    return true;
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string_view text_;
};

std::optional<std::chrono::sys_days> read_date(TimeReader& in) {
  int year = 0, month = 0, day = 0;
  if (!in.number(4, year) || !in.skip('-') || !in.number(2, month) || !in.skip('-') ||
      !in.number(2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

std::optional<Millis> read_time_of_day(TimeReader& in) {
  int hour = 0, minute = 0, second = 0, millis = 0;
  if (!in.number(2, hour) || !in.skip(':') || !in.number(2, minute)) return std::nullopt;
  if (in.skip(':')) {
    if (!in.number(2, second)) return std::nullopt;
    if (in.skip('.') && !in.fraction(millis)) return std::nullopt;
  }
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  if (second == 60) {
    // POSIX time has no leap second: the last instant before the next minute stands for it.
    second = 59;
    millis = 999;
  }
  return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} +
         Millis{millis};
}

std::optional<std::chrono::minutes> read_offset(TimeReader& in) {
  if (in.skip_letter('Z')) return std::chrono::minutes{0};
  const bool west = in.next_is('-');
  if (!west && !in.next_is('+')) return std::nullopt;
  in.skip(west ? '-' : '+');
  int hour = 0, minute = 0;
  if (!in.number(2, hour) || !in.skip(':') || !in.number(2, minute)) return std::nullopt;
  if (hour > 23 || minute > 59) return std::nullopt;
  const std::chrono::minutes offset{hour * 60 + minute};
  return west ? -offset : offset;
}

}  // namespace

std::string hex_encode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += kHexDigits[byte_at(bytes, i) >> 4];
    text += kHexDigits[byte_at(bytes, i) & 0xf];
  }
  return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = kHexDigits.find(text[i]);
    const auto low = kHexDigits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string base64_encode(std::string_view bytes) {
  auto text = encode64(bytes, kBase64);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode64(text, kBase64Values);
}

std::string base64url_encode(std::string_view bytes) {
  return encode64(bytes, kBase64Url);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode64(text, kBase64UrlValues);
}

std::uint32_t crc32(std::string_view bytes, std::uint32_t so_far) {
  std::uint32_t crc = ~so_far;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const auto low = crc ^ little_endian32(bytes, i);
    const auto high = little_endian32(bytes, i + 4);
    crc = kCrc[7][low & 0xff] ^ kCrc[6][low >> 8 & 0xff] ^ kCrc[5][low >> 16 & 0xff] ^
          kCrc[4][low >> 24] ^ kCrc[3][high & 0xff] ^ kCrc[2][high >> 8 & 0xff] ^
          kCrc[1][high >> 16 & 0xff] ^ kCrc[0][high >> 24];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ kCrc[0][(crc ^ byte_at(bytes, i)) & 0xff];
  return ~crc;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    std::uint64_t eight = 0;
    if (text.size() - i >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + i, sizeof(eight));
      if ((eight & 0x8080808080808080ULL) == 0) {
        i += sizeof(eight);
        continue;
      }
    }
    const auto length = utf8_sequence(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::size_t utf8_length(std::string_view text) {
  return text.empty() ? 0 : utf8_sequence(text, 0);
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

void cut_utf8(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  // Back to the first byte of a character: the others are 10xxxxxx.
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
}

void cut_characters(std::string& text, std::size_t characters_max) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80 || characters++ < characters_max)
      continue;
    text.resize(i);
    return;
  }
}

std::string format_time(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<Timestamp> parse_time(std::string_view text, const LocalTimeRule& local) {
  TimeReader in(text);
  const auto date = read_date(in);
  if (!date || !in.skip_letter('T')) return std::nullopt;
  const auto clock = read_time_of_day(in);
  if (!clock) return std::nullopt;
  Timestamp time = *date + *clock;
  if (!in.at_end()) {
    const auto written = read_offset(in);
    if (!written || !in.at_end()) return std::nullopt;
    time -= *written;
  } else if (local) {
    time = local(std::chrono::local_time<Millis>{time.time_since_epoch()});
  }
  constexpr Timestamp kFirst{};
  constexpr Timestamp kPastLast{
      std::chrono::sys_days{std::chrono::year{10000} / std::chrono::January / 1}};
  if (time >= kPastLast) return std::nullopt;
  return std::max(time, kFirst);
}

}  // namespace belfry
