#pragma once

#include <optional>

#include "http/message.hpp"
#include "store/commands.hpp"

namespace belfry::api {

// The request's Idempotency-Key, quoted (a Structured Field String, as the draft asks) or bare,
// with the fingerprint of method, path and body. Nothing without the header; malformed_request if
// it is given twice, empty, too long, or holds control characters.
Result<std::optional<store::IdempotencyKey>> idempotency_key(const http::Request& request);

}  // namespace belfry::api
