#include "domain/codec.hpp"

#include <bit>
#include <cmath>

namespace belfry::domain::codec {

void put_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_bytes(std::string& out, std::string_view bytes) {
  put_number(out, bytes.size());
  out.append(bytes);
}

void put_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(bits >> shift));
}

void Input::fault() {
  ok_ = false;
  rest_ = {};
}

std::uint8_t Input::byte() {
  if (rest_.empty()) {
    fault();
    return 0;
  }
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::uint64_t Input::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto next = byte();
    if (!ok_) return 0;
    const std::uint64_t bits = next & 0x7fU;
    // The tenth byte holds the one bit that is left; a last byte of zero is a longer spelling.
    const bool too_long = (shift == 63 && bits > 1) || (shift > 0 && next == 0);
    if (too_long) break;
    value |= bits << shift;
    if ((next & 0x80U) == 0) return value;
  }
  fault();
  return 0;
}

std::uint64_t Input::number_up_to(std::uint64_t max) {
  const auto value = number();
  if (value <= max) return value;
  fault();
  return 0;
}

std::string_view Input::bytes() {
  const auto size = number();
  if (!ok_ || size > rest_.size()) {
    fault();
    return {};
  }
  const auto value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

double Input::real() {
  std::uint64_t bits = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bits |= static_cast<std::uint64_t>(byte()) << shift;
  }
  const auto value = std::bit_cast<double>(bits);
  if (std::isfinite(value)) return value;
  fault();
  return 0;
}

}  // namespace belfry::domain::codec
