#pragma once

#include "api/services.hpp"

namespace belfry::api {

// How long a new key is published before it signs, so that whoever caches the JWKS knows it by
// then.
inline constexpr std::chrono::minutes kKeyPublishedBeforeUse{5};

// The signing keys of the store made ready: the newest that may sign now signs, all others that a
// living token may carry verify. Creates the first one; drops those that no token needs any more,
// which waits while the store takes no writes: a full disk does not keep a server from starting.
// Blocking; called at start, each minute, and after a rotation, never on an I/O thread.
Result<> refresh_signing_keys(store::Gateway& gateway, const auth::SealedBox& sealed,
                              const Clock& clock, std::chrono::seconds token_life,
                              auth::Authenticator& authenticator, auth::TokenIssuer& issuer);

// Adds a key that takes over after kKeyPublishedBeforeUse.
store::TransactFn rotate_signing_key(const auth::SealedBox& sealed, Timestamp now);

// Removes one key, or all without a `kid`, and tells in `removed` which they were. If none is left
// that may sign, a new one signs at once. not_found: there is no such key.
store::TransactFn revoke_signing_key(const auth::SealedBox& sealed, Timestamp now,
                                     std::optional<std::string> kid,
                                     std::shared_ptr<std::vector<std::string>> removed);

// Puts the keys of the store to use.
Result<> use_signing_keys(const std::vector<store::SigningKeyRow>& rows, Timestamp now,
                          const auth::SealedBox& sealed, auth::Authenticator& authenticator,
                          auth::TokenIssuer& issuer);

}  // namespace belfry::api
