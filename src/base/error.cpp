#include "base/error.hpp"

#include <array>

#include "base/check.hpp"

namespace belfry {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int status;
};

constexpr std::array kRows = {
    Row{ErrorCode::malformed_request, "malformed_request", 400},
    Row{ErrorCode::invalid_json, "invalid_json", 400},
    Row{ErrorCode::invalid_encoding, "invalid_encoding", 400},
    Row{ErrorCode::json_too_deep, "json_too_deep", 400},
    Row{ErrorCode::duplicate_key, "duplicate_key", 400},
    Row{ErrorCode::invalid_query, "invalid_query", 400},
    Row{ErrorCode::unauthenticated, "unauthenticated", 401},
    Row{ErrorCode::invalid_token, "invalid_token", 401},
    Row{ErrorCode::token_expired, "token_expired", 401},
    Row{ErrorCode::forbidden, "forbidden", 403},
    Row{ErrorCode::csrf, "csrf", 403},
    Row{ErrorCode::not_found, "not_found", 404},
    Row{ErrorCode::method_not_allowed, "method_not_allowed", 405},
    Row{ErrorCode::request_timeout, "request_timeout", 408},
    Row{ErrorCode::conflict, "conflict", 409},
    Row{ErrorCode::invalid_state, "invalid_state", 409},
    Row{ErrorCode::stale_lease, "stale_lease", 409},
    Row{ErrorCode::idempotency_in_progress, "idempotency_in_progress", 409},
    Row{ErrorCode::payload_too_large, "payload_too_large", 413},
    Row{ErrorCode::uri_too_long, "uri_too_long", 414},
    Row{ErrorCode::unsupported_media_type, "unsupported_media_type", 415},
    Row{ErrorCode::unsupported_encoding, "unsupported_encoding", 415},
    Row{ErrorCode::headers_too_large, "headers_too_large", 431},
    Row{ErrorCode::validation_failed, "validation_failed", 422},
    Row{ErrorCode::destination_forbidden, "destination_forbidden", 422},
    Row{ErrorCode::idempotency_mismatch, "idempotency_mismatch", 422},
    Row{ErrorCode::rate_limited, "rate_limited", 429},
    Row{ErrorCode::quota_exceeded, "quota_exceeded", 429},
    Row{ErrorCode::internal, "internal", 500},
    Row{ErrorCode::not_implemented, "not_implemented", 501},
    Row{ErrorCode::overloaded, "overloaded", 503},
    Row{ErrorCode::storage_unavailable, "storage_unavailable", 503},
    Row{ErrorCode::draining, "draining", 503},
    Row{ErrorCode::version_not_supported, "version_not_supported", 505},
};

const Row& row(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  CHECK(index < kRows.size() && kRows[index].code == code);
  return kRows[index];
}

}  // namespace

FieldFaults::FieldFaults(std::initializer_list<FieldFault> faults) {
  for (const auto& fault : faults) add(fault.pointer, fault.detail);
}

void FieldFaults::add(std::string pointer, std::string detail) {
  if (++total_ > kListed) return;
  listed_.push_back(
      {shortened(std::move(pointer), kPointerBytes), shortened(std::move(detail), kDetailBytes)});
}

std::string shortened(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) >> 6) == 2) --end;
  text.resize(end);
  return text + "...";
}

std::string_view name(ErrorCode code) {
  return row(code).name;
}
int http_status(ErrorCode code) {
  return row(code).status;
}

}  // namespace belfry
