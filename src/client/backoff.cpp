#include "client/backoff.hpp"

#include <algorithm>
#include <cstdint>

namespace belfry::client {

std::chrono::milliseconds backoff(int attempts, std::chrono::milliseconds first,
                                  std::chrono::milliseconds max, double unit) {
  auto wait = first;
  for (int i = 1; i < attempts && wait < max; ++i) wait *= 2;
  wait = std::min(wait, max);
  const auto share = 0.75 + 0.5 * unit;
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(wait.count()) * share));
}

}  // namespace belfry::client
