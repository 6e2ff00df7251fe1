#include "base/encoding.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace belfry {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> reverse_of(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}
constexpr auto kReverseHex = reverse_of(kHex);
constexpr auto kReverseStandard = reverse_of(kStandard);
constexpr auto kReverseUrl = reverse_of(kUrl);

std::string encode_base64(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = buffer << 8 | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += alphabet[buffer >> bits & 0x3f];
    }
  }
  if (bits > 0) out += alphabet[buffer << (6 - bits) & 0x3f];
  while (pad && out.size() % 4 != 0) out += '=';
  return out;
}

// Without padding; refuses the impossible length and trailing bits that are not zero.
std::optional<std::string> decode_base64(std::string_view text,
                                         const std::array<std::int8_t, 256>& reverse) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = reverse[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    buffer = (buffer << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(buffer >> bits & 0xff);
    }
  }
  if ((buffer & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}

// A cursor over date-time text; every taker says whether it found what it wanted.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}

  bool digits(int count, int& value) {
    if (rest_.size() < static_cast<std::size_t>(count)) return false;
    value = 0;
    for (int i = 0; i < count; ++i) {
      const char c = rest_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(static_cast<std::size_t>(count));
    return true;
  }
  bool one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    taken_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  // One to nine digits, cut to milliseconds.
  bool fraction(int& millis) {
    int digits = 0;
    millis = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      if (digits < 3) millis = millis * 10 + (rest_.front() - '0');
      ++digits;
      rest_.remove_prefix(1);
    }
    for (int i = digits; i < 3; ++i) millis *= 10;
    return digits >= 1 && digits <= 9;
  }
  bool at_end() const { return rest_.empty(); }
  char taken() const { return taken_; }

 private:
  std::string_view rest_;
  char taken_ = 0;
};

struct ClockTime {
  int hour = 0, minute = 0, second = 0, millis = 0;
  bool has_seconds = false;
};

bool read_clock(TimeText& text, ClockTime& time) {
  if (!text.digits(2, time.hour) || !text.one_of(":") || !text.digits(2, time.minute)) return false;
  if (text.one_of(":")) {
    time.has_seconds = true;
    if (!text.digits(2, time.second)) return false;
    if (text.one_of(".") && !text.fraction(time.millis)) return false;
  }
  if (time.second == 60) {  // a leap second is the last instant of its minute here
    time.second = 59;
    time.millis = 999;
  }
  return time.hour <= 23 && time.minute <= 59 && time.second <= 59;
}

// "Z", "+hh:mm" or "-hh:mm"; nothing at the end of the text means `zone_offset`.
bool read_offset(TimeText& text, bool has_seconds, std::chrono::minutes& offset) {
  if (text.at_end()) return true;
  if (!has_seconds) return false;  // RFC 3339 wants seconds
  if (text.one_of("Zz")) {
    offset = std::chrono::minutes{0};
    return text.at_end();
  }
  int hours = 0, minutes = 0;
  if (!text.one_of("+-")) return false;
  const int sign = text.taken() == '-' ? -1 : 1;
  if (!text.digits(2, hours) || !text.one_of(":") || !text.digits(2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  offset = std::chrono::minutes{sign * (hours * 60 + minutes)};
  return text.at_end();
}

}  // namespace

std::string hex_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 0xf];
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = kReverseHex[static_cast<unsigned char>(text[i])];
    const auto low = kReverseHex[static_cast<unsigned char>(text[i + 1])];
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string base64_encode(std::string_view bytes) {
  return encode_base64(bytes, kStandard, true);
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  int padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  return decode_base64(text, kReverseStandard);
}

std::string base64url_encode(std::string_view bytes) {
  return encode_base64(bytes, kUrl, false);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode_base64(text, kReverseUrl);
}

std::uint32_t crc32(std::string_view bytes) {
  static constexpr auto kTable = crc_table();
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes)
    crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return crc ^ 0xffffffffU;
}

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i <= more) return false;
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

std::string format_time(Timestamp time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{time - days};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<Timestamp> parse_time(std::string_view input, std::chrono::minutes zone_offset) {
  TimeText text(input);
  int year = 0, month = 0, day = 0;
  if (!text.digits(4, year) || !text.one_of("-") || !text.digits(2, month) || !text.one_of("-") ||
      !text.digits(2, day) || !text.one_of("Tt")) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  ClockTime clock;
  auto offset = zone_offset;
  if (!date.ok() || year < 1970 || !read_clock(text, clock) ||
      !read_offset(text, clock.has_seconds, offset)) {
    return std::nullopt;
  }
  const Timestamp local = std::chrono::sys_days{date} + std::chrono::hours{clock.hour} +
                          std::chrono::minutes{clock.minute} + std::chrono::seconds{clock.second} +
                          Millis{clock.millis};
  const Timestamp utc = local - offset;
  if (to_ms(utc) < 0) return std::nullopt;
  return utc;
}

}  // namespace belfry
