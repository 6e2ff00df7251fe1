// URLs and addresses: see url_guard_oracle.hpp.
#include "http/egress.hpp"
#include "url_guard_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto policy = *belfry::http::EgressPolicy::make({});
  const belfry::fuzz::Guard guard = [](const auto& address, std::uint16_t port) {
    return policy.allows(address, port);
  };
  belfry::fuzz::abort_on(belfry::fuzz::judge_url_guard({data, size}, guard));
  return 0;
}
