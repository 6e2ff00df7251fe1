#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "auth/principal.hpp"
#include "base/clock.hpp"

namespace belfry::auth {

// Tokens and keys that were ended before their time. An entry is forgotten once every token that it
// could concern has expired, so the size follows the revocations of one token's life. Thread-safe.
class Revocations {
 public:
  void revoke(const std::string& jti, Timestamp until, Timestamp now);
  void revoke_key(ApiKeyId key, Timestamp until, Timestamp now);
  bool covers(const Principal& principal) const;

  // Rises after each change: who read it before `covers` and finds it unchanged need not ask again.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  // For changes elsewhere (of the keys) after which everyone must ask again.
  void raise_generation() { generation_.fetch_add(1, std::memory_order_release); }

 private:
  void forget_expired(Timestamp now);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Timestamp> tokens_;
  std::unordered_map<ApiKeyId, Timestamp> keys_;
  std::size_t sweep_at_ = 1'024;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace belfry::auth
