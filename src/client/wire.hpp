#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "belfry/client.hpp"
#include "http/client.hpp"

// Between the public values and the scheduler's JSON (DESIGN section 6).
namespace belfry::client {

Json submission_json(const Submission& submission);
Json target_json(const Target& target);
Json queue_json(const QueueSettings& settings);
Task task_of(Json document);
// From a problem document; from the status alone when the body is none.
ClientError error_of_problem(int status, const Json& problem);
ClientError error_of(const http::OutboundResponse& response, Timestamp now);

ClientError usage_error(std::string detail);
ClientError file_error(std::string detail);
ClientError closed_error();
ClientError answer_error(std::string detail);
std::string percent_encode(std::string_view text);
// The path and query of rel="next" in a Link field; empty if there is none.
std::string next_of(std::string_view link);

}  // namespace belfry::client
