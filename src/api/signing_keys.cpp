#include "api/signing_keys.hpp"

#include "auth/secret_places.hpp"
#include "base/log.hpp"

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

// The newest one that may sign signs; all before it retire, and a token's life later they go.
std::size_t signer_of(const std::vector<store::SigningKeyRow>& rows, Timestamp now) {
  std::size_t signer = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].signs_from <= now) signer = i;
  }
  return signer;
}

struct Upkeep {
  std::vector<std::string> retire, remove;  // kids
  bool any() const { return !retire.empty() || !remove.empty(); }
};

Upkeep upkeep_of(const std::vector<store::SigningKeyRow>& rows, Timestamp now,
                 std::chrono::seconds token_life) {
  Upkeep due;
  const auto signer = signer_of(rows, now);
  for (std::size_t i = 0; i < signer; ++i) {
    if (!rows[i].retired_at) {
      due.retire.push_back(rows[i].kid);
    } else if (*rows[i].retired_at + token_life + kKeyPublishedBeforeUse < now) {
      due.remove.push_back(rows[i].kid);
    }
  }
  return due;
}

// Looks again inside the transaction: another node may have made the first key meanwhile.
Result<> make_first_key(store::Gateway& gateway, const auth::SealedBox& sealed, Timestamp now,
                        std::vector<store::SigningKeyRow>& rows) {
  const auto insert = [&](store::Transaction& tx) -> Result<> {
    rows = tx.signing_keys().list();
    if (!rows.empty()) return {};
    rows.push_back(new_row(sealed, now, now));
    tx.signing_key_writes().insert(rows.back());
    return {};
  };
  return gateway.transact_blocking(insert, store::Purpose::upkeep);
}

Result<> run_upkeep(store::Gateway& gateway, const Upkeep& due, Timestamp now) {
  const auto write = [&](store::Transaction& tx) -> Result<> {
    for (const auto& kid : due.retire) tx.signing_key_writes().retire(kid, now);
    for (const auto& kid : due.remove) tx.signing_key_writes().remove(kid);
    return {};
  };
  return gateway.transact_blocking(write, store::Purpose::upkeep);
}

}  // namespace

Result<> refresh_signing_keys(store::Gateway& gateway, const auth::SealedBox& sealed,
                              const Clock& clock, std::chrono::seconds token_life,
                              auth::Authenticator& authenticator, auth::TokenIssuer& issuer) {
  const auto now = clock.now();
  std::vector<store::SigningKeyRow> rows;
  try {
    gateway.read_blocking([&rows](store::Snapshot& s) { rows = s.signing_keys().list(); });
  } catch (const store::Unavailable& failure) {
    return fail(ErrorCode::storage_unavailable, failure.what());
  }
  if (rows.empty()) {
    if (const auto made = make_first_key(gateway, sealed, now, rows); !made) return made;
  }
  // A clock that is in doubt takes no key out of use.
  if (const auto due = upkeep_of(rows, now, token_life); due.any() && !clock.in_doubt()) {
    log_and_ignore(run_upkeep(gateway, due, now), "old keys only stay longer; tried each minute");
  }
  return use_signing_keys(rows, now, sealed, authenticator, issuer);
}

Result<> use_signing_keys(const std::vector<store::SigningKeyRow>& rows, Timestamp now,
                          const auth::SealedBox& sealed, auth::Authenticator& authenticator,
                          auth::TokenIssuer& issuer) {
  std::vector<auth::SigningKey> keys;
  std::optional<auth::SigningKey> signer;
  for (const auto& row : rows) {
    auto key = open_key(sealed, row);
    if (!key) return fail(key.error());
    if (row.signs_from <= now || !signer) signer = *key;
    keys.push_back(std::move(*key));
  }
  authenticator.set_keys(std::move(keys));
  if (signer) issuer.set_key(std::move(*signer));
  return {};
}

store::TransactFn rotate_signing_key(const auth::SealedBox& sealed, Timestamp now) {
  const auto row = new_row(sealed, now, now + kKeyPublishedBeforeUse);
  return [row](store::Transaction& tx) -> Result<> {
    tx.signing_key_writes().insert(row);
    return {};
  };
}

store::TransactFn revoke_signing_key(const auth::SealedBox& sealed, Timestamp now,
                                     std::optional<std::string> kid,
                                     std::shared_ptr<std::vector<std::string>> removed) {
  const auto fresh = new_row(sealed, now, now);
  return [fresh, now, kid = std::move(kid),
          removed = std::move(removed)](store::Transaction& tx) -> Result<> {
    removed->clear();
    bool one_signs = false;
    for (const auto& row : tx.signing_keys().list()) {
      if (kid && row.kid != *kid) {
        one_signs = one_signs || row.signs_from <= now;
      } else {
        removed->push_back(row.kid);
      }
    }
    if (removed->empty()) return fail(ErrorCode::not_found, "no signing key has this `kid`");
    for (const auto& gone : *removed) tx.signing_key_writes().remove(gone);
    if (!one_signs) tx.signing_key_writes().insert(fresh);
    return {};
  };
}

}  // namespace belfry::api
