#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace belfry::client {

// One fault in one field: an RFC 6901 JSON Pointer into the body, or the name of a query parameter.
struct FieldError {
  std::string pointer;
  std::string detail;
};

// Why a call did not succeed. With a status, the scheduler's problem document (RFC 9457); without
// one (0), no answer came: `type` is then "urn:belfry:client:unreachable", ":closed", ":answer"
// (not understood), ":file" (credentials) or ":usage" (options).
struct ClientError {
  int status = 0;
  std::string type;
  std::string detail;
  std::vector<FieldError> errors = {};
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  // An earlier try of this call had no answer, or one of 500 and above: it may have done its work.
  bool maybe_done = false;
};

template <class T = void>
using Result = std::expected<T, ClientError>;

}  // namespace belfry::client
