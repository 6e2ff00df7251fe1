#pragma once

#include <cstddef>
#include <string>

#include "belfry/client.hpp"

// The calls that the holder of a lease makes. What people write (log lines, progress, messages) is
// cut to the scheduler's limits: a word too many must not cost the lease or the outcome.
namespace belfry::client {

inline constexpr std::size_t kLogLinesMax = 100;  // of one heartbeat

// The warnings of an answer to one of these calls.
std::vector<Warning> warnings_of(const Json& answer);

Client::Call heartbeat_call(const Lease& lease, const Heartbeat& heartbeat);
Client::Call complete_call(const Lease& lease, Json result);
Client::Call fail_call(const Lease& lease, std::string message, bool retryable);

}  // namespace belfry::client
