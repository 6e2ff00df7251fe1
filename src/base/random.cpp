#include "base/random.hpp"

#include <sys/random.h>

#include <cstring>

#include "base/check.hpp"

namespace belfry {

Random::Random(std::uint64_t seed) : engine_(seed) {}

std::uint64_t Random::next_u64() {
  const std::lock_guard lock(mutex_);
  return engine_();
}

double Random::next_unit() {
  return static_cast<double>(next_u64() >> 11) * 0x1.0p-53;
}

std::string secure_random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    const auto got = ::getrandom(bytes.data() + done, count - done, 0);
    CHECK(got > 0);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::uint64_t secure_seed() {
  const auto bytes = secure_random_bytes(sizeof(std::uint64_t));
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.data(), sizeof(seed));
  return seed;
}

}  // namespace belfry
