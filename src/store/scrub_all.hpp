#pragma once

#include "store/backend.hpp"

namespace belfry::store {

// For tests: compares every stored task with its checksums and the indexes. How many damaged rows
// the store has met so far.
inline std::size_t scrub_all(Backend& backend) {
  const auto reader = backend.make_reader();
  std::int64_t place = 0;
  do {
    reader->read([&](Snapshot& s) { place = s.tasks().scrub_all_tenants(place, 100); });
  } while (place != 0);
  return backend.damage().rows();
}

}  // namespace belfry::store
