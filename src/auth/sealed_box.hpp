#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace belfry::auth {

// Secrets at rest: XChaCha20-Poly1305 under a master key that is not in the store. Sealed text is
// "x1.KEYID.BASE64URL", so a row tells which master key opens it. Immutable and thread-safe.
class SealedBox {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  // Seals with `master`; opens with it or with a `previous` one. Each is kKeyBytes long (CHECKed).
  explicit SealedBox(const Secret& master, const std::vector<Secret>& previous = {});

  // `associated` names the place of the secret (table, row, column): a sealed text that is moved to
  // another place does not open there.
  std::string seal(const Secret& plain, std::string_view associated) const;
  // Fails with internal: unknown form, unknown master key, altered, or of another place.
  Result<Secret> open(std::string_view sealed, std::string_view associated) const;
  // Was it sealed with an earlier master key? Then a re-encryption run should seal it again.
  bool is_outdated(std::string_view sealed) const;

 private:
  struct Key {
    std::string id;
    Secret bytes;
  };
  static Key make_key(const Secret& bytes);

  std::vector<Key> keys_;  // the first one seals
};

// Reads the master key from a file of this process's own user with mode 0600; makes one if there
// is none, durable before it returns, and safe against a second process that does the same. Fails
// with internal and a message that says how to mend it.
Result<Secret> load_or_create_master_key(const std::string& path);

}  // namespace belfry::auth
