#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace belfry {

// Seeded randomness for jitter and ids, so that a simulation repeats a failure from its seed.
// Thread-safe. Never for secrets: those come from `secure_random_bytes`.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next_u64();
  // Uniform in [0, 1).
  double next_unit();

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

// `count` bytes from the operating system.
std::string secure_random_bytes(std::size_t count);
// A seed from the operating system.
std::uint64_t secure_seed();

}  // namespace belfry
