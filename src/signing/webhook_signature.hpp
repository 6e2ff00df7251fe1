#pragma once

#include <sodium/crypto_auth_hmacsha256.h>

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

// Standard Webhooks 1.0.0, symmetric signatures (`v1`): the signed content is id "." timestamp "."
// body, under HMAC-SHA256. Pure and thread-safe; used by the sender and by receivers.
namespace belfry::signing {

inline constexpr std::size_t kSecretBytesMin = 24;
inline constexpr std::size_t kSecretBytesMax = 64;
inline constexpr std::chrono::seconds kDefaultTolerance = std::chrono::minutes{5};

// "whsec_" and the base64 of 32 bytes from the operating system.
Secret generate_secret();

// A secret made ready for use: text is parsed and the HMAC keyed once, so that a signature costs
// the hashing of its content alone. Wiped when it goes.
class SigningKey {
 public:
  // Accepts "whsec_" and canonical base64 of 24 to 64 bytes; validation_failed on anything else.
  static Result<SigningKey> parse(std::string_view secret);

  SigningKey(const SigningKey&) = default;
  SigningKey(SigningKey&&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  SigningKey& operator=(SigningKey&&) = default;
  ~SigningKey();

  // "v1,BASE64". `id` holds no full stop (CHECKed: it is ours).
  std::string sign(std::string_view id, std::chrono::sys_seconds timestamp,
                   std::string_view body) const;

 private:
  friend Result<> verify(const SigningKey&, const struct SignedMessage&, Timestamp,
                         std::chrono::seconds);
  SigningKey() = default;
  std::string signature(std::string_view id, std::string_view timestamp,
                        std::string_view body) const;

  crypto_auth_hmacsha256_state keyed_;
};

// The webhook-signature header: one signature for each key, so that a receiver which knows either
// secret accepts the message during a rotation.
std::string sign(std::span<const SigningKey> keys, std::string_view id,
                 std::chrono::sys_seconds timestamp, std::string_view body);

// The three headers of a message that is sent at `now`: webhook-id, webhook-timestamp (whole
// seconds) and webhook-signature.
std::vector<std::pair<std::string, std::string>> signed_headers(std::span<const SigningKey> keys,
                                                                std::string_view id, Timestamp now,
                                                                std::string_view body);

// A received message: three header values as they came, and the raw body.
struct SignedMessage {
  std::string_view id;         // webhook-id
  std::string_view timestamp;  // webhook-timestamp
  std::string_view signature;  // webhook-signature
  std::string_view body;
};

// Good if any `v1` signature of the message matches and its time is within `tolerance` of `now`,
// both ways. Fails with malformed_request (a header is missing or unreadable) or unauthenticated
// (too old, too new, no match). Compares in constant time.
Result<> verify(const SigningKey& key, const SignedMessage& message, Timestamp now,
                std::chrono::seconds tolerance = kDefaultTolerance);

}  // namespace belfry::signing
