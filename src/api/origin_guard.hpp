#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/services.hpp"
#include "http/message.hpp"

namespace belfry::api {

// No web page may use a developer's local scheduler (DESIGN section 7): a loopback listener takes
// only loopback or configured Host values (against DNS rebinding), and CORS answers only configured
// origins.
Result<> check_host(const Options& options, const http::Request& request);

// The answer to a CORS preflight, or nothing if the request is none.
std::optional<http::Response> preflight(const Options& options, const http::Request& request);

// Adds what a browser of a configured origin needs to see the answer.
void add_cors(const Options& options, const http::Request& request, http::Response& response);

}  // namespace belfry::api
