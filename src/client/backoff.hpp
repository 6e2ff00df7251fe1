#pragma once

#include <chrono>
#include <stop_token>

#include "base/random.hpp"
#include "belfry/result.hpp"

// The waits between tries: how long, and that a stop ends them.
namespace belfry::client {

struct Backoff {
  std::chrono::milliseconds first;
  std::chrono::milliseconds max;
};

// After so many tries (from 1), the last of which failed with `error`: `first` doubled each time up
// to `max` and a quarter more or less by chance, or longer if the scheduler said so.
std::chrono::milliseconds wait_after(const ClientError& error, int tries, Backoff backoff,
                                     Random& random);

// True if the whole time passed.
bool sleep_unless(const std::stop_token& stop, std::chrono::milliseconds time);

}  // namespace belfry::client
