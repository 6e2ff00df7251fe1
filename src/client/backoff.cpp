#include "client/backoff.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace belfry::client {

std::chrono::milliseconds wait_after(const ClientError& error, int tries, Backoff backoff,
                                     Random& random) {
  auto wait = backoff.first;
  for (int i = 1; i < tries && wait < backoff.max; ++i) wait *= 2;
  wait = std::min(wait, backoff.max);
  const auto share = 0.75 + 0.5 * random.next_unit();
  const std::chrono::milliseconds jittered(
      static_cast<std::int64_t>(static_cast<double>(wait.count()) * share));
  return std::max(jittered, error.retry_after.value_or(std::chrono::milliseconds{0}));
}

bool sleep_unless(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace belfry::client
