// Tokens, hostile base64 first (cjose aborts on what it cannot read): see jwt_oracle.hpp.
#include <cstdint>

#include "jwt_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const belfry::fuzz::TokenFixture fixture;
  static const auto verify = fixture.verify();
  belfry::fuzz::abort_on(
      belfry::fuzz::judge_token({reinterpret_cast<const char*>(data), size}, fixture.good, verify));
  return 0;
}
