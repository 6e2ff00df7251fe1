#pragma once

#include "api/services.hpp"
#include "domain/event.hpp"
#include "store/commands.hpp"
#include "store/rows.hpp"

namespace belfry::api {

// The store's command for an accepted submission, with its task.submitted event where an endpoint
// wants one.
store::Submit submit_command(domain::NewTask task, const Services& services);

// The row as it was right after its submission, for a replayed answer.
store::TaskRow as_submitted(store::TaskRow row);

// The event of a change that a request makes to a task.
store::Outbox outbox_of(const store::TaskRow& row, domain::EventType type, std::string_view error,
                        Timestamp at, const store::Directory& directory);

}  // namespace belfry::api
