#pragma once

#include <string>

#include "http/client.hpp"

namespace belfry::http {

// The request line and the header fields of a call, up to and with the blank line.
std::string request_head(const OutboundRequest& request);

}  // namespace belfry::http
