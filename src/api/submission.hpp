#pragma once

#include "api/services.hpp"
#include "store/commands.hpp"
#include "store/rows.hpp"

namespace belfry::api {

// The store's command for an accepted submission, with its task.submitted event where an endpoint
// wants one.
store::Submit submit_command(domain::NewTask task, const Services& services);

// The row as it was right after its submission, for a replayed answer.
store::TaskRow as_submitted(store::TaskRow row);

}  // namespace belfry::api
