#pragma once

#include <string>

#include "http/client.hpp"

namespace belfry::http {

// The request line and the header fields of a call, up to and with the blank line. Made right
// before it is written: `headers_at_sending` is asked here.
std::string request_head(const OutboundRequest& request);

}  // namespace belfry::http
