#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/token_verifier.hpp"

namespace belfry::auth {

// Verified tokens by their whole text, bounded; the oldest goes first. Sharded, so that I/O threads
// seldom meet. An entry remembers at which generation of the revocations it was last found good.
class TokenCache {
 public:
  static constexpr std::size_t kDefaultCapacity = 65'536;

  explicit TokenCache(std::size_t capacity = kDefaultCapacity);

  // Is the entry still good, now that the generation has moved? Asked under the shard's lock.
  using StillGood = std::function<bool(const TokenVerifier::Verified&)>;

  // Nothing if the token is not held, has expired (at `exp`, without leeway) or is no longer good;
  // the entry is dropped in the two last cases.
  std::optional<Principal> find(std::string_view token, Timestamp now, std::uint64_t generation,
                                const StillGood& still_good);
  // `generation` was read before the token was verified.
  void insert(std::string_view token, TokenVerifier::Verified verified, std::uint64_t generation);
  std::size_t size() const;

 private:
  static constexpr std::size_t kShards = 16;

  struct Entry {
    std::string token;
    TokenVerifier::Verified verified;
    std::uint64_t generation = 0;
  };
  // Hashes the signature alone: it is as long as it is unpredictable, and the map compares the
  // rest.
  struct Hash {
    std::size_t operator()(std::string_view token) const;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::deque<Entry> ring;  // slots, reused in turn once there are enough
    std::size_t next = 0;
    std::unordered_map<std::string_view, Entry*, Hash> entries;  // keys point into the slots
  };
  Shard& shard_of(std::string_view token);

  std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace belfry::auth
