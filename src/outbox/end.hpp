#pragma once

#include <string>

#include "store/commands.hpp"
#include "store/directory.hpp"
#include "store/rows.hpp"

namespace belfry::outbox {

// The command that ends a task from outside an attempt (cancelled, expired, given up), with the
// event that tells of it if an endpoint or the task's callback wants it. `status` is a final one.
store::End end_of(const store::TaskRow& row, domain::Status status, std::string error,
                  Timestamp now, const store::Directory& directory);

}  // namespace belfry::outbox
