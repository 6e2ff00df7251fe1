#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace belfry::domain {

// A mergeable histogram of durations from 0 ms to 24 h with four buckets an octave (a percentile is
// off by at most 19 %). Small: only buckets in use are encoded.
class LatencyHistogram {
 public:
  static constexpr std::size_t kBuckets = 108;

  void add(Millis duration, std::uint32_t count = 1);
  void merge(const LatencyHistogram& other);
  std::uint64_t count() const;
  // The upper bound of the bucket in which the share `q` (0..1) lies; nothing when empty.
  std::optional<Millis> percentile(double q) const;

  std::string encode() const;
  static std::optional<LatencyHistogram> decode(std::string_view bytes);
  bool operator==(const LatencyHistogram&) const = default;

 private:
  std::array<std::uint32_t, kBuckets> counts_{};
};

}  // namespace belfry::domain
