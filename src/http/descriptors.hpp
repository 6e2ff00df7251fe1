#pragma once

#include <cstddef>

namespace belfry::http {

// How a process divides the descriptors that it may have (RLIMIT_NOFILE) between the connections
// that it accepts and those that it opens, so that idle clients cannot stop its own calls. What it
// needs for the store and the like is set aside.
struct DescriptorShares {
  std::size_t accepted = 0;
  std::size_t opened = 0;
};
DescriptorShares share_descriptors(std::size_t limit);
// The same for the limit of this process as it is now.
DescriptorShares descriptor_shares();
// Raises the soft limit as far as the hard one allows, to 65,536 at most.
void raise_descriptor_limit();
// True if this process or the machine has no descriptor left at this moment.
bool out_of_descriptors();

}  // namespace belfry::http
