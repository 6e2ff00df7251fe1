#include "base/id.hpp"

#include <algorithm>

namespace belfry {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr bool is_dash(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

// A burst of more than 4,096 ids a millisecond borrows from the next ones; that is no other time.
constexpr Millis kBorrowedMax{1'000};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_string(const Uuid& uuid) {
  std::string text(36, '-');
  int nibble = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    if (is_dash(i)) continue;
    const auto word = nibble < 16 ? uuid.high : uuid.low;
    text[i] = kHex[(word >> (60 - 4 * (nibble % 16))) & 0xf];
    ++nibble;
  }
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  int nibble = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    if (is_dash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    auto& word = nibble < 16 ? uuid.high : uuid.low;
    word = word << 4 | static_cast<std::uint64_t>(value);
    ++nibble;
  }
  return uuid;
}

IdGenerator::IdGenerator(const Clock& clock, Random& random, std::uint64_t floor_high)
    : clock_(clock),
      random_(random),
      last_tick_(static_cast<std::uint64_t>(compact_high(floor_high))) {}

Timestamp IdGenerator::time_of(const Uuid& uuid) {
  return from_ms(static_cast<std::int64_t>(uuid.high >> 16));
}

Timestamp IdGenerator::time_made(const Uuid& uuid, Timestamp now) {
  const auto carried = time_of(uuid);
  return std::chrono::abs(carried - now) <= kBorrowedMax ? carried : now;
}

Uuid IdGenerator::next() {
  const auto tick = static_cast<std::uint64_t>(to_ms(clock_.now())) << 12;
  const auto low = (random_.next_u64() >> 2) | (std::uint64_t{1} << 63);
  const std::lock_guard lock(mutex_);
  last_tick_ = std::max(tick, last_tick_ + 1);
  return Uuid{expand_high(static_cast<std::int64_t>(last_tick_)), low};
}

}  // namespace belfry
