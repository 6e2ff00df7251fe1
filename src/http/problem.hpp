#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/message.hpp"

namespace belfry::http {

// The one place where errors become answers: RFC 9457 problem details with a stable type
// (urn:belfry:problem:NAME), the fields' faults as JSON Pointers, and the headers that the status
// asks for (WWW-Authenticate, Retry-After). `internal` says nothing more than that.
Response problem(const Error& error);

// The body alone, for one item of a bulk answer.
std::string problem_json(const Error& error);

// Adds up to half as much again to a Retry-After, at least a second at times, so that those who are
// refused together do not come back together (PROMISES 3.2). `share` is random, in [0, 1).
void spread_retry_after(Response& response, double share);

}  // namespace belfry::http
