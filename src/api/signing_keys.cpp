#include "api/signing_keys.hpp"

#include "auth/secret_places.hpp"

namespace belfry::api {
namespace {

store::SigningKeyRow new_row(const auth::SealedBox& sealed, Timestamp now, Timestamp signs_from) {
  const auto key = auth::SigningKey::generate();
  store::SigningKeyRow row;
  row.kid = key.kid();
  row.sealed_private_jwk = sealed.seal(key.private_jwk(), auth::place_of_signing_key(key.kid()));
  row.created_at = now;
  row.signs_from = signs_from;
  return row;
}

Result<auth::SigningKey> open_key(const auth::SealedBox& sealed, const store::SigningKeyRow& row) {
  const auto jwk = sealed.open(row.sealed_private_jwk, auth::place_of_signing_key(row.kid));
  if (!jwk) return fail(jwk.error());
  return auth::SigningKey::from_private_jwk(*jwk);
}

}  // namespace

Result<> refresh_signing_keys(store::Gateway& gateway, const auth::SealedBox& sealed,
                              const Clock& clock, std::chrono::seconds token_life,
                              auth::Authenticator& authenticator, auth::TokenIssuer& issuer) {
  const auto now = clock.now();
  std::vector<store::SigningKeyRow> rows;
  const auto kept = gateway.transact_blocking([&](store::Transaction& tx) -> Result<> {
    rows = tx.signing_keys().list();
    if (rows.empty()) {
      rows.push_back(new_row(sealed, now, now));
      tx.signing_key_writes().insert(rows.back());
    }
    // All but the newest one that may sign retire; a token's life later they are not needed.
    std::size_t signer = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].signs_from <= now) signer = i;
    }
    for (std::size_t i = 0; i < signer; ++i) {
      if (!rows[i].retired_at) {
        rows[i].retired_at = now;
        tx.signing_key_writes().retire(rows[i].kid, now);
      } else if (*rows[i].retired_at + token_life + kKeyPublishedBeforeUse < now) {
        tx.signing_key_writes().remove(rows[i].kid);
      }
    }
    return {};
  });
  if (!kept) return kept;
  std::vector<auth::SigningKey> keys;
  std::optional<auth::SigningKey> signer;
  for (const auto& row : rows) {
    auto key = open_key(sealed, row);
    if (!key) return fail(key.error());
    if (row.signs_from <= now || !signer) signer = *key;
    keys.push_back(std::move(*key));
  }
  authenticator.set_keys(std::move(keys));
  issuer.set_key(std::move(*signer));
  return {};
}

store::TransactFn rotate_signing_key(const auth::SealedBox& sealed, Timestamp now) {
  const auto row = new_row(sealed, now, now + kKeyPublishedBeforeUse);
  return [row](store::Transaction& tx) -> Result<> {
    tx.signing_key_writes().insert(row);
    return {};
  };
}

}  // namespace belfry::api
