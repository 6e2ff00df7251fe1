// JSON: see json_oracle.hpp.
#include <cstdint>

#include "json/check.hpp"
#include "json_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const belfry::fuzz::JsonCheck check = [](std::string_view text) {
    return belfry::json::check(text).has_value();
  };
  belfry::fuzz::abort_on(
      belfry::fuzz::judge_json({reinterpret_cast<const char*>(data), size}, check));
  return 0;
}
