#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/revocations.hpp"
#include "auth/token_cache.hpp"
#include "auth/token_verifier.hpp"

namespace belfry::auth {

// The one question of every request: who holds this token? Verified tokens are cached; a revocation
// or a change of keys takes effect at once, also on cached ones. Thread-safe.
class Authenticator {
 public:
  Authenticator(const Clock& clock, TokenNames names,
                std::size_t cache_capacity = TokenCache::kDefaultCapacity);

  // Fails with invalid_token or token_expired. Without keys every token is invalid.
  Result<Principal> authenticate(std::string_view bearer_token);

  // Current, next and retiring keys: tokens of any other one end at once.
  void set_keys(std::vector<SigningKey> keys);
  // Tokens of this key end at once, also if a late set_keys() still names it.
  void drop_key(const std::string& kid);
  // The public parts of those keys, for GET /.well-known/jwks.json.
  std::string jwks() const;

  // Ends one token; `expires` is its own exp.
  void revoke(const std::string& jti, Timestamp expires);
  // Ends all tokens of a key; `until` is when the last of them expires (now plus their lifetime).
  void revoke_key(ApiKeyId key, Timestamp until);
  // What the store has kept of both, at start; before the first request.
  void restore(const std::vector<std::pair<std::string, Timestamp>>& tokens,
               const std::vector<std::pair<ApiKeyId, Timestamp>>& keys);

 private:
  std::shared_ptr<const TokenVerifier> verifier() const;
  bool still_good(const TokenVerifier::Verified& verified) const;

  const Clock& clock_;
  TokenNames names_;
  mutable std::mutex mutex_;  // of both that follow
  std::shared_ptr<const TokenVerifier> verifier_;
  std::set<std::string> dropped_;  // kids
  Revocations revocations_;
  TokenCache cache_;
};

}  // namespace belfry::auth
