#include "auth/revocations.hpp"

#include <algorithm>

namespace belfry::auth {

void Revocations::revoke(const std::string& jti, Timestamp until, Timestamp now) {
  {
    const std::lock_guard lock(mutex_);
    forget_expired(now);
    auto& kept = tokens_[jti];
    kept = std::max(kept, until);
  }
  raise_generation();
}

void Revocations::revoke_key(ApiKeyId key, Timestamp until, Timestamp now) {
  {
    const std::lock_guard lock(mutex_);
    forget_expired(now);
    auto& kept = keys_[key];
    kept = std::max(kept, until);
  }
  raise_generation();
}

bool Revocations::covers(const Principal& principal) const {
  const std::lock_guard lock(mutex_);
  return tokens_.contains(principal.jti) || (principal.key && keys_.contains(principal.key));
}

// Sweeps when the size has doubled since the last sweep: constant cost a revocation on average.
void Revocations::forget_expired(Timestamp now) {
  if (tokens_.size() + keys_.size() < sweep_at_) return;
  const auto expired = [now](const auto& entry) { return entry.second <= now; };
  std::erase_if(tokens_, expired);
  std::erase_if(keys_, expired);
  sweep_at_ = std::max<std::size_t>(1'024, 2 * (tokens_.size() + keys_.size()));
}

}  // namespace belfry::auth
