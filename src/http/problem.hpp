#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/message.hpp"

namespace belfry::http {

// The one place where errors become answers: RFC 9457 problem details with a stable type
// (urn:belfry:problem:NAME), the fields' faults as JSON Pointers, and the headers that the status
// asks for (WWW-Authenticate, Retry-After). `internal` says nothing more than that.
Response problem(const Error& error);

// Beyond this many bytes a problem lists no more faults, so that no refusal is larger than 64 KiB,
// whatever was sent.
inline constexpr std::size_t kProblemListBytes = 48 * 1024;
inline constexpr std::size_t kProblemDetailBytes = 1'024;

// The body alone.
std::string problem_json(const Error& error);

// The problems of the items of one bulk answer: in full while they have kProblemListBytes together,
// then with a short detail and the count of faults alone.
class ItemProblems {
 public:
  std::string json(const Error& error);

 private:
  std::size_t bytes_ = 0;
};

// Adds up to half as much again to a Retry-After, at least a second at times, so that those who are
// refused together do not come back together (PROMISES 3.2). `share` is random, in [0, 1).
void spread_retry_after(Response& response, double share);

}  // namespace belfry::http
