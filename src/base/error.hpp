#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace belfry {

// The closed list of foreseeable outcomes. Each is one problem type on the wire
// (urn:belfry:problem:NAME, PROMISES section 4) with one HTTP status.
enum class ErrorCode {
  malformed_request,
  invalid_json,
  invalid_encoding,
  json_too_deep,
  duplicate_key,
  invalid_query,
  unauthenticated,
  invalid_token,
  token_expired,
  forbidden,
  csrf,
  not_found,
  method_not_allowed,
  request_timeout,
  conflict,
  invalid_state,
  stale_lease,
  idempotency_in_progress,
  payload_too_large,
  uri_too_long,
  unsupported_media_type,
  unsupported_encoding,
  headers_too_large,
  validation_failed,
  destination_forbidden,
  idempotency_mismatch,
  rate_limited,
  quota_exceeded,
  internal,
  not_implemented,
  overloaded,
  storage_unavailable,
  draining,
  version_not_supported,
};

// The wire name of a code, for example "stale_lease".
std::string_view name(ErrorCode code);
// Its one HTTP status.
int http_status(ErrorCode code);

// One fault in one field. `pointer` is an RFC 6901 JSON Pointer into the body ("/retry/jitter"), or
// the bare name of a query parameter or header.
struct FieldFault {
  std::string pointer;
  std::string detail;
};

// The faults of one input. Only the first are kept, each cut to a bounded length, so that neither
// memory nor the answer grows with the input; the others are counted.
class FieldFaults {
 public:
  static constexpr std::size_t kListed = 20;
  static constexpr std::size_t kPointerBytes = 384;
  static constexpr std::size_t kDetailBytes = 768;

  FieldFaults() = default;
  FieldFaults(std::initializer_list<FieldFault> faults);

  void add(std::string pointer, std::string detail);
  bool empty() const { return total_ == 0; }
  std::size_t total() const { return total_; }  // the listed ones and the others
  const std::vector<FieldFault>& listed() const { return listed_; }

 private:
  std::vector<FieldFault> listed_;
  std::size_t total_ = 0;
};

// The text, or its beginning with "..." where it has more than `bytes`; whole characters of UTF-8.
std::string shortened(std::string text, std::size_t bytes);

// A foreseeable failure: what happened and how to mend it, in words for the caller. `message` is
// sent to clients (except for `internal`), so it never holds a secret or raw foreign input.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  FieldFaults fields = {};
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

template <class T = void>
using Result = std::expected<T, Error>;

// fail(ErrorCode::not_found, "no such task") is a Result<T> of any T.
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace belfry
