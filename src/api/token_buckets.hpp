#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace belfry::api {

// So many requests in any window of so many seconds: a bucket that holds `quota` tokens and is
// filled evenly within `window`. A quota of 0 is no limit.
struct Rate {
  std::int64_t quota = 0;
  std::chrono::seconds window{1};
};

struct RateVerdict {
  bool allowed = true;
  std::int64_t remaining = 0;
  std::chrono::nanoseconds wait{0};  // until the next one is allowed
};

// Token buckets by key, each of them one moment: when it will be full again (the generic cell rate
// algorithm). Their number is bounded: full ones are as good as none and go first, and keys that
// find no room share one bucket. Sharded, so that threads seldom meet. Thread-safe.
template <class Key>
class TokenBuckets {
 public:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kBucketsAShard = 4'096;

  // `now` is of a clock that never goes back. The rate must be a limit.
  RateVerdict take(const Key& key, const Rate& rate, std::chrono::nanoseconds now) {
    const std::size_t hash = std::hash<Key>{}(key);
    auto& shard = shards_[(hash ^ (hash >> 17)) % kShards];
    const std::lock_guard lock(shard.mutex);
    return take_from(bucket(shard, key, now), rate, now);
  }

  std::size_t size() const {
    std::size_t size = 0;
    for (auto& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      size += shard.full_at.size();
    }
    return size;
  }

 private:
  using Moment = std::chrono::nanoseconds;
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<Key, Moment> full_at;
    Moment of_others{0};
    Moment sweep_after{0};
  };

  static Moment& bucket(Shard& shard, const Key& key, Moment now) {
    if (const auto found = shard.full_at.find(key); found != shard.full_at.end()) {
      return found->second;
    }
    if (shard.full_at.size() >= kBucketsAShard && now >= shard.sweep_after) {
      std::erase_if(shard.full_at, [now](const auto& one) { return one.second <= now; });
      shard.sweep_after = now + std::chrono::seconds{1};
    }
    if (shard.full_at.size() >= kBucketsAShard) return shard.of_others;
    return shard.full_at[key];
  }

  static RateVerdict take_from(Moment& full_at, const Rate& rate, Moment now) {
    const Moment window = rate.window;
    const Moment one = std::max(Moment{1}, window / rate.quota);
    const Moment then = std::max(full_at, now) + one;
    const Moment room = now + one * rate.quota - then;
    if (room < Moment{0}) return {false, 0, -room};
    full_at = then;
    return {true, room / one, one};
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace belfry::api
