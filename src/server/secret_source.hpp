#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/sealed_box.hpp"
#include "base/clock.hpp"
#include "signing/webhook_signature.hpp"
#include "store/directory.hpp"

namespace belfry::server {

// Opens the sealed webhook secrets of tenants and endpoints and keeps the keyed results, so that
// signing a push costs no decryption. A rotated secret is a new sealed text, hence a new entry.
// Thread-safe.
class SecretSource {
 public:
  SecretSource(const store::Directory& directory, const auth::SealedBox& sealed, const Clock& clock)
      : directory_(directory), sealed_(sealed), clock_(clock) {}

  // One key, or two during a rotation; none if the owner is gone.
  std::vector<signing::SigningKey> of_tenant(TenantId id);
  std::vector<signing::SigningKey> of_endpoint(EndpointId id);
  // A target's header as it was submitted; nothing if it cannot be opened.
  std::optional<std::string> header(TenantId tenant, std::string_view sealed) const;

 private:
  std::vector<signing::SigningKey> keys(const std::string& current, const std::string& previous,
                                        const std::optional<Timestamp>& previous_until,
                                        const std::string& place);
  void add(std::vector<signing::SigningKey>& keys, const std::string& sealed,
           const std::string& place);

  const store::Directory& directory_;
  const auth::SealedBox& sealed_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, signing::SigningKey> opened_;  // by sealed text
};

}  // namespace belfry::server
