#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "auth/principal.hpp"
#include "auth/signing_key.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"

namespace belfry::auth {

// What issuer and verifier agree on.
struct TokenNames {
  std::string issuer;    // `iss`: the public URL
  std::string audience;  // `aud`
};

struct IssuedToken {
  std::string token;  // shown to its owner once; never logged
  Principal principal;
  std::chrono::seconds lifetime;
};

// Issues RFC 9068 access tokens. Thread-safe.
class TokenIssuer {
 public:
  static constexpr std::chrono::seconds kDefaultLifetime{3'600};

  TokenIssuer(const Clock& clock, TokenNames names,
              std::chrono::seconds lifetime = kDefaultLifetime);

  // The key that signs from now on; verifiers must know it already.
  void set_key(SigningKey key);
  // A tenant's token for one of its keys, which it does not outlive: `not_after` is when the key
  // expires, if it does. Needs set_key first (CHECKed).
  IssuedToken issue(TenantId tenant, ApiKeyId key, Scopes scopes,
                    std::optional<Timestamp> not_after = std::nullopt) const;
  // The operator's token: scope `operator` and no tenant.
  IssuedToken issue_to_operator() const;

 private:
  IssuedToken sign(Principal principal, std::optional<Timestamp> not_after) const;

  const Clock& clock_;
  TokenNames names_;
  std::chrono::seconds lifetime_;
  mutable std::mutex mutex_;
  std::optional<SigningKey> key_;
};

}  // namespace belfry::auth
