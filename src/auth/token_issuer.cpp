#include "auth/token_issuer.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "base/random.hpp"
#include "json/writer.hpp"

namespace belfry::auth {
namespace {

// UUIDv4 from the operating system: nobody guesses the id of another one's token.
std::string random_uuid() {
  const auto bytes = secure_random_bytes(sizeof(Uuid));
  Uuid uuid;
  std::memcpy(&uuid.high, bytes.data(), sizeof(uuid.high));
  std::memcpy(&uuid.low, bytes.data() + sizeof(uuid.high), sizeof(uuid.low));
  uuid.high = (uuid.high & ~std::uint64_t{0xf000}) | 0x4000;
  uuid.low = (uuid.low >> 2) | (std::uint64_t{1} << 63);
  return to_string(uuid);
}

}  // namespace

TokenIssuer::TokenIssuer(const Clock& clock, TokenNames names, std::chrono::seconds lifetime)
    : clock_(clock), names_(std::move(names)), lifetime_(lifetime) {}

void TokenIssuer::set_key(SigningKey key) {
  const std::lock_guard lock(mutex_);
  key_ = std::move(key);
}

IssuedToken TokenIssuer::issue(TenantId tenant, ApiKeyId key, Scopes scopes,
                               std::optional<Timestamp> not_after) const {
  CHECK(tenant && key && !scopes.contains(Scope::operator_));
  return sign({tenant, scopes, key, random_uuid(), {}}, not_after);
}

IssuedToken TokenIssuer::issue_to_operator() const {
  return sign({{}, Scopes{Scope::operator_}, {}, random_uuid(), {}}, std::nullopt);
}

IssuedToken TokenIssuer::sign(Principal principal, std::optional<Timestamp> not_after) const {
  using std::chrono::seconds;
  const auto now = std::chrono::floor<seconds>(clock_.now());
  auto lifetime = lifetime_;
  if (not_after) {
    const auto left = std::chrono::floor<seconds>(*not_after) - now;
    lifetime = std::clamp(left, seconds{0}, lifetime_);
  }
  principal.expires = now + lifetime;
  const bool is_operator = principal.is_operator();
  std::string claims;
  json::Writer(claims)
      .begin_object()
      .field("iss", names_.issuer)
      .field("aud", names_.audience)
      .field("sub", is_operator ? "operator" : to_string(principal.tenant))
      .field("client_id", is_operator ? "operator" : to_string(principal.key))
      .field("iat", now.time_since_epoch().count())
      .field("exp", (now + lifetime).time_since_epoch().count())
      .field("jti", principal.jti)
      .field("scope", to_string(principal.scopes))
      .end_object();
  std::optional<SigningKey> key;
  {
    const std::lock_guard lock(mutex_);
    key = key_;
  }
  CHECK(key.has_value());
  return {key->sign(claims), std::move(principal), lifetime};
}

}  // namespace belfry::auth
