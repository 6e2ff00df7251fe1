#pragma once

#include <string>

#include "base/error.hpp"

namespace belfry::server {

// The operator's credential: read from `path` (mode 0600), or made there at the first start. It is
// never logged. Gives the SHA-256 of the key, which is all that the server needs.
Result<std::string> load_or_create_operator_key(const std::string& path);

}  // namespace belfry::server
