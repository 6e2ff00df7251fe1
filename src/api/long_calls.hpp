#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/error.hpp"
#include "base/id.hpp"

namespace belfry::api {

// How many calls stay open, which are event streams and long polls for leases: in total, so that
// connections are left for everything else, and per tenant. Thread-safe.
class LongCalls {
 public:
  struct Limits {
    std::size_t total = 8'000;
    std::size_t per_tenant = 1'000;
  };
  explicit LongCalls(Limits limits) : limits_(limits) {}

  // Given back when the last copy goes. Outlived by the LongCalls that it is of.
  using Place = std::shared_ptr<void>;
  // Fails with rate_limited.
  Result<Place> enter(TenantId tenant);

 private:
  void leave(TenantId tenant);

  const Limits limits_;
  std::mutex mutex_;
  std::size_t open_ = 0;
  std::unordered_map<TenantId, std::size_t> of_tenant_;
};

}  // namespace belfry::api
