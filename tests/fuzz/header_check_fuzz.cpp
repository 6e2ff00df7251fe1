// Request heads: see head_oracle.hpp.
#include <cstdint>

#include "head_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto heads = belfry::fuzz::real_heads();
  belfry::fuzz::abort_on(
      belfry::fuzz::judge_head({reinterpret_cast<const char*>(data), size}, heads));
  return 0;
}
