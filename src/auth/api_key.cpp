#include "auth/api_key.hpp"

#include <sodium/crypto_hash_sha256.h>

#include <algorithm>
#include <cstdint>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace belfry::auth {
namespace {

constexpr std::string_view kTenantPrefix = "bfk_";
constexpr std::string_view kOperatorPrefix = "bfo_";
constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandomBytes = 20;
constexpr std::size_t kRandomDigits = 27;  // 62^27 > 2^160
constexpr std::size_t kChecksumDigits = 6;
static_assert(kTenantPrefix.size() + kRandomDigits + kChecksumDigits == kApiKeyLength);

// A big-endian number in base 62, with leading zeros: long division, digit by digit.
std::string base62(std::string bytes, std::size_t digits) {
  std::string text(digits, '0');
  for (auto at = digits; at-- > 0;) {
    unsigned remainder = 0;
    for (auto& byte : bytes) {
      const auto value = remainder << 8 | static_cast<unsigned char>(byte);
      byte = static_cast<char>(value / 62);
      remainder = value % 62;
    }
    text[at] = kDigits[remainder];
  }
  return text;
}

std::string checksum(std::string_view text) {
  const auto crc = crc32(text);
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(crc >> shift & 0xff);
  return base62(std::move(bytes), kChecksumDigits);
}

}  // namespace

Secret generate_api_key(KeyKind kind) {
  std::string key(kind == KeyKind::tenant ? kTenantPrefix : kOperatorPrefix);
  key += base62(secure_random_bytes(kRandomBytes), kRandomDigits);
  key += checksum(key);
  return Secret(std::move(key));
}

Result<KeyKind> check_format(std::string_view key) {
  const bool tenant = key.starts_with(kTenantPrefix);
  if (!tenant && !key.starts_with(kOperatorPrefix)) {
    return fail(ErrorCode::unauthenticated, "this is no Belfry API key: one begins with bfk_");
  }
  if (key.size() != kApiKeyLength) {
    return fail(ErrorCode::unauthenticated, "the API key is cut or too long; it has 37 characters");
  }
  const auto body = key.substr(0, kApiKeyLength - kChecksumDigits);
  const bool digits =
      std::all_of(key.begin() + 4, key.end(), [](char c) { return kDigits.contains(c); });
  if (!digits || checksum(body) != key.substr(body.size())) {
    return fail(ErrorCode::unauthenticated, "the API key is mistyped: its checksum is wrong");
  }
  return tenant ? KeyKind::tenant : KeyKind::operator_;
}

std::string hash_api_key(std::string_view key) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return hash;
}

std::string display_prefix(std::string_view key) {
  return std::string(key.substr(0, 8));
}

}  // namespace belfry::auth
