#include "signing/webhook_signature.hpp"

#include <fmt/format.h>
#include <sodium/utils.h>

#include <charconv>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"

namespace belfry::signing {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::string_view kVersion = "v1,";
constexpr std::size_t kSignatureHeaderMax = 4'096;
constexpr std::size_t kIdMax = 256;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::chrono::sys_seconds> parse_timestamp(std::string_view text) {
  // Eleven digits reach the year 5138, and leave no room for overflow below.
  if (text.empty() || text.size() > 11 || text.front() == '-') return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
}

Result<> check_headers(const SignedMessage& message) {
  if (message.id.empty() || message.id.size() > kIdMax || message.id.contains('.')) {
    return fail(ErrorCode::malformed_request,
                "webhook-id must be 1 to 256 characters without a full stop");
  }
  if (message.signature.empty() || message.signature.size() > kSignatureHeaderMax) {
    return fail(ErrorCode::malformed_request,
                "webhook-signature must be a list of signatures, at most 4096 characters");
  }
  return {};
}

bool any_matches(std::string_view list, std::string_view expected) {
  bool found = false;
  while (!list.empty()) {
    const auto end = list.find(' ');
    found |= constant_time_equal(list.substr(0, end), expected);
    list.remove_prefix(end == list.npos ? list.size() : end + 1);
  }
  return found;
}

}  // namespace

Secret generate_secret() {
  return Secret(std::string(kPrefix) + base64_encode(secure_random_bytes(32)));
}

Result<SigningKey> SigningKey::parse(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) {
    return fail(ErrorCode::validation_failed, "a webhook secret must begin with whsec_");
  }
  const auto bytes = base64_decode(secret.substr(kPrefix.size()));
  if (!bytes) {
    return fail(ErrorCode::validation_failed,
                "a webhook secret must be whsec_ and padded standard base64");
  }
  const Secret raw(*std::move(bytes));
  if (raw.reveal().size() < kSecretBytesMin || raw.reveal().size() > kSecretBytesMax) {
    return fail(ErrorCode::validation_failed, "a webhook secret must hold 24 to 64 bytes");
  }
  SigningKey key;
  crypto_auth_hmacsha256_init(&key.keyed_, octets(raw.reveal()), raw.reveal().size());
  return key;
}

SigningKey::~SigningKey() {
  sodium_memzero(&keyed_, sizeof(keyed_));
}

std::string SigningKey::signature(std::string_view id, std::string_view timestamp,
                                  std::string_view body) const {
  auto state = keyed_;
  for (const auto part : {id, std::string_view("."), timestamp, std::string_view("."), body}) {
    crypto_auth_hmacsha256_update(&state, octets(part), part.size());
  }
  std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(mac.data()));
  sodium_memzero(&state, sizeof(state));
  return std::string(kVersion) + base64_encode(mac);
}

std::string SigningKey::sign(std::string_view id, std::chrono::sys_seconds timestamp,
                             std::string_view body) const {
  CHECK(!id.empty() && !id.contains('.'));
  return signature(id, fmt::to_string(timestamp.time_since_epoch().count()), body);
}

std::string sign(std::span<const SigningKey> keys, std::string_view id,
                 std::chrono::sys_seconds timestamp, std::string_view body) {
  std::string list;
  for (const auto& key : keys) {
    if (!list.empty()) list += ' ';
    list += key.sign(id, timestamp, body);
  }
  return list;
}

std::vector<std::pair<std::string, std::string>> signed_headers(std::span<const SigningKey> keys,
                                                                std::string_view id, Timestamp now,
                                                                std::string_view body) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return {{"webhook-id", std::string(id)},
          {"webhook-timestamp", fmt::to_string(seconds.time_since_epoch().count())},
          {"webhook-signature", sign(keys, id, seconds, body)}};
}

Result<> verify(const SigningKey& key, const SignedMessage& message, Timestamp now,
                std::chrono::seconds tolerance) {
  if (auto headers = check_headers(message); !headers) return headers;
  const auto sent = parse_timestamp(message.timestamp);
  if (!sent) {
    return fail(ErrorCode::malformed_request, "webhook-timestamp must be Unix time in seconds");
  }
  if (*sent < now - tolerance) {
    return fail(ErrorCode::unauthenticated, "the message is too old; it may be a replay");
  }
  if (*sent > now + tolerance) {
    return fail(ErrorCode::unauthenticated, "the message comes from the future; check the clocks");
  }
  const auto expected = key.signature(message.id, message.timestamp, message.body);
  if (!any_matches(message.signature, expected)) {
    return fail(ErrorCode::unauthenticated,
                "no signature matches; check the secret, and that the raw body is used unchanged");
  }
  return {};
}

}  // namespace belfry::signing
