#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "auth/principal.hpp"
#include "auth/signing_key.hpp"
#include "auth/token_issuer.hpp"
#include "base/clock.hpp"

namespace belfry::auth {

// Checks access tokens against a fixed set of keys: form, then signature, then claims (RFC 8725,
// RFC 9068). Nothing that a token says chooses an algorithm or fetches a key. Immutable, pure and
// thread-safe; the fuzz target calls `verify` with any bytes.
class TokenVerifier {
 public:
  static constexpr std::size_t kTokenBytesMax = 4'096;
  static constexpr std::chrono::seconds kLeeway{10};

  struct Verified {
    Principal principal;
    std::string kid;
  };

  TokenVerifier(TokenNames names, std::vector<SigningKey> keys);

  // Fails with invalid_token or token_expired; about 100 µs for a well-formed token.
  Result<Verified> verify(std::string_view token, Timestamp now) const;
  bool knows(std::string_view kid) const { return find(kid) != nullptr; }
  const std::vector<SigningKey>& keys() const { return keys_; }

 private:
  const SigningKey* find(std::string_view kid) const;
  Result<Principal> read_claims(std::string_view payload, Timestamp now) const;

  TokenNames names_;
  std::vector<SigningKey> keys_;
};

}  // namespace belfry::auth
