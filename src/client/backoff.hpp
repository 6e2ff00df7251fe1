#pragma once

#include <chrono>

namespace belfry::client {

// The wait after so many attempts (from 1): `first` doubled each time up to `max`, and a quarter
// more or less by `unit`, a random number from 0 to 1.
std::chrono::milliseconds backoff(int attempts, std::chrono::milliseconds first,
                                  std::chrono::milliseconds max, double unit);

}  // namespace belfry::client
