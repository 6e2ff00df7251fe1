#pragma once

#include "dispatch/context.hpp"

namespace belfry::dispatch {

// Whether a claimed task had better wait in the store: its destination takes no call at present, or
// the wait would be long, or a task with a better rank is parked there. Nobody waits in memory for
// long, as a task that waits there holds a slot that another one could use.
bool turns_away(const Context& context, const store::Claim::Task& task,
                const http::Destination& to);

// How it is parked then (docs/decisions/destinations.md).
store::Parking parking_of(const Context& context, const store::Claim::Task& task,
                          const http::Destination& to);

}  // namespace belfry::dispatch
