#pragma once

#include <expected>

#include "http/client.hpp"
#include "http/destination.hpp"

namespace belfry::http {

// What the end of a call says about its destination: the one place that decides it, for pushes and
// webhooks.
CallEnd call_end(const std::expected<OutboundResponse, CallError>& answer, Timestamp now);

}  // namespace belfry::http
