#include "auth/authenticator.hpp"

namespace belfry::auth {

Authenticator::Authenticator(const Clock& clock, TokenNames names, std::size_t cache_capacity)
    : clock_(clock),
      names_(std::move(names)),
      verifier_(std::make_shared<TokenVerifier>(names_, std::vector<SigningKey>{})),
      cache_(cache_capacity) {}

// The generation is read before anything is looked up: a revocation that comes in between leaves an
// entry with an old generation, which is asked again at its next use.
Result<Principal> Authenticator::authenticate(std::string_view bearer_token) {
  const auto generation = revocations_.generation();
  const auto now = clock_.now();
  if (bearer_token.size() <= TokenVerifier::kTokenBytesMax) {
    auto cached = cache_.find(bearer_token, now, generation,
                              [this](const auto& verified) { return still_good(verified); });
    if (cached) return *std::move(cached);
  }
  auto verified = verifier()->verify(bearer_token, now);
  if (!verified) return fail(verified.error());
  if (revocations_.covers(verified->principal)) {
    return fail(ErrorCode::invalid_token, "the token was revoked; get a new one");
  }
  auto principal = verified->principal;
  if (now < principal.expires) cache_.insert(bearer_token, *std::move(verified), generation);
  return principal;
}

void Authenticator::set_keys(std::vector<SigningKey> keys) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(keys, [this](const SigningKey& key) { return dropped_.contains(key.kid()); });
    verifier_ = std::make_shared<const TokenVerifier>(names_, std::move(keys));
  }
  revocations_.raise_generation();
}

void Authenticator::drop_key(const std::string& kid) {
  std::vector<SigningKey> keys;
  {
    const std::lock_guard lock(mutex_);
    dropped_.insert(kid);
    keys = verifier_->keys();
  }
  set_keys(std::move(keys));
}

std::string Authenticator::jwks() const {
  return auth::jwks(verifier()->keys());
}

void Authenticator::revoke(const std::string& jti, Timestamp expires) {
  revocations_.revoke(jti, expires + TokenVerifier::kLeeway, clock_.now());
}

void Authenticator::revoke_key(ApiKeyId key, Timestamp until) {
  revocations_.revoke_key(key, until + TokenVerifier::kLeeway, clock_.now());
}

void Authenticator::restore(const std::vector<std::pair<std::string, Timestamp>>& tokens,
                            const std::vector<std::pair<ApiKeyId, Timestamp>>& keys) {
  for (const auto& [jti, expires] : tokens) revoke(jti, expires);
  for (const auto& [key, until] : keys) revoke_key(key, until);
}

std::shared_ptr<const TokenVerifier> Authenticator::verifier() const {
  const std::lock_guard lock(mutex_);
  return verifier_;
}

bool Authenticator::still_good(const TokenVerifier::Verified& verified) const {
  return verifier()->knows(verified.kid) && !revocations_.covers(verified.principal);
}

}  // namespace belfry::auth
