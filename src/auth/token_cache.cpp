#include "auth/token_cache.hpp"

#include "base/check.hpp"
#include "json/keyed_hash.hpp"

namespace belfry::auth {

std::size_t TokenCache::Hash::operator()(std::string_view token) const {
  constexpr std::size_t kSignatureDigits = 86;
  if (token.size() > kSignatureDigits) token.remove_prefix(token.size() - kSignatureDigits);
  return static_cast<std::size_t>(json::keyed_hash(token));
}

TokenCache::TokenCache(std::size_t capacity) : shard_capacity_((capacity + kShards - 1) / kShards) {
  CHECK(capacity > 0);
}

// By a few characters of the signature: nearly free, and nearly as even as a hash.
TokenCache::Shard& TokenCache::shard_of(std::string_view token) {
  std::size_t sum = 0;
  for (const char c : token.substr(token.size() - std::min<std::size_t>(token.size(), 12))) {
    sum = sum * 3 + static_cast<unsigned char>(c);
  }
  return shards_[sum % kShards];
}

std::optional<Principal> TokenCache::find(std::string_view token, Timestamp now,
                                          std::uint64_t generation, const StillGood& still_good) {
  auto& shard = shard_of(token);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(token);
  if (found == shard.entries.end()) return std::nullopt;
  auto& entry = *found->second;
  const bool expired = now >= entry.verified.principal.expires;
  if (expired || (entry.generation != generation && !still_good(entry.verified))) {
    shard.entries.erase(found);
    entry = {};
    return std::nullopt;
  }
  entry.generation = generation;
  return entry.verified.principal;
}

void TokenCache::insert(std::string_view token, TokenVerifier::Verified verified,
                        std::uint64_t generation) {
  auto& shard = shard_of(token);
  const std::lock_guard lock(shard.mutex);
  if (shard.entries.contains(token)) return;
  Entry* slot = nullptr;
  if (shard.ring.size() < shard_capacity_) {
    slot = &shard.ring.emplace_back();
  } else {
    slot = &shard.ring[shard.next];
    shard.next = (shard.next + 1) % shard_capacity_;
    if (!slot->token.empty()) shard.entries.erase(slot->token);
  }
  *slot = {std::string(token), std::move(verified), generation};
  shard.entries.emplace(slot->token, slot);
}

std::size_t TokenCache::size() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.entries.size();
  }
  return sum;
}

}  // namespace belfry::auth
