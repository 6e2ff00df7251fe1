#pragma once

#include "belfry/json.hpp"
#include "message.hpp"

namespace notification {

// The variables of a template: the members of a recipient. Strings are taken as they are, null is
// empty, and anything else is its JSON text, so that 1.10 stays 1.10.
Fields fields_of(const belfry::client::Json& recipient);

}  // namespace notification
