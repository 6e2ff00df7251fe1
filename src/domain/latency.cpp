#include "domain/latency.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "domain/codec.hpp"

namespace belfry::domain {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::int64_t kLongestMs = 24 * 3'600'000;
constexpr std::uint32_t kCountMax = std::numeric_limits<std::uint32_t>::max();

// Upper bounds in milliseconds, inclusive: 0, then 2^(k/4), and 24 h at the end.
using Bounds = std::array<std::int64_t, LatencyHistogram::kBuckets>;

Bounds make_bounds() {
  Bounds bounds{};
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    bounds[i] = static_cast<std::int64_t>(std::exp2(static_cast<double>(i - 1) / 4));
  }
  bounds.back() = kLongestMs;
  return bounds;
}

const Bounds kBounds = make_bounds();

void add_saturating(std::uint32_t& to, std::uint32_t n) {
  to += std::min(n, kCountMax - to);
}

}  // namespace

void LatencyHistogram::add(Millis duration, std::uint32_t count) {
  const auto ms = std::min<std::int64_t>(duration.count(), kLongestMs);
  const auto* const bound = std::ranges::lower_bound(kBounds, ms);
  add_saturating(counts_[static_cast<std::size_t>(bound - kBounds.begin())], count);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) add_saturating(counts_[i], other.counts_[i]);
}

std::uint64_t LatencyHistogram::count() const {
  std::uint64_t total = 0;
  for (const auto n : counts_) total += n;
  return total;
}

std::optional<Millis> LatencyHistogram::percentile(double q) const {
  const auto total = count();
  if (total == 0) return std::nullopt;
  const double share = q >= 0 ? std::min(q, 1.0) : 0.0;
  const auto wanted = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total))), 1, total);
  std::uint64_t seen = 0;
  std::size_t i = 0;
  while ((seen += counts_[i]) < wanted) ++i;
  return Millis{kBounds[i]};
}

std::string LatencyHistogram::encode() const {
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0) continue;
    if (out.empty()) out.push_back(static_cast<char>(kVersion));
    codec::put_number(out, i - next);  // buckets skipped
    codec::put_number(out, counts_[i]);
    next = i + 1;
  }
  return out;
}

std::optional<LatencyHistogram> LatencyHistogram::decode(std::string_view bytes) {
  LatencyHistogram result;
  if (bytes.empty()) return result;
  codec::Input in(bytes);
  if (in.byte() != kVersion || in.at_end()) return std::nullopt;
  std::size_t next = 0;
  while (!in.at_end()) {
    const auto i = next + in.number_up_to(kBuckets);
    const auto n = in.number_up_to(kCountMax);
    if (!in.ok() || i >= kBuckets || n == 0) return std::nullopt;
    result.counts_[i] = static_cast<std::uint32_t>(n);
    next = i + 1;
  }
  return in.ok() ? std::optional(result) : std::nullopt;
}

}  // namespace belfry::domain
