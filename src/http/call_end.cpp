#include "http/call_end.hpp"

#include <fmt/format.h>

#include "http/retry_after.hpp"

namespace belfry::http {
namespace {

using Kind = CallEnd::Kind;

CallEnd of_error(const CallError& error) {
  CallEnd end;
  end.response_bytes = error.answered;
  end.error = name(error.failure);
  const bool nobodys = error.stale || error.own_trouble ||
                       error.failure == CallFailure::cancelled ||
                       error.failure == CallFailure::destination_forbidden;
  if (nobodys) return end;
  if (!error.sent) {
    end.kind = Kind::unreachable;
    end.name_unresolved = error.failure == CallFailure::name_not_resolved;
  } else if (error.failure == CallFailure::malformed_answer) {
    end.kind = Kind::answered;
  } else {
    end.kind = Kind::failed;
  }
  return end;
}

Kind kind_of(int status, bool has_retry_after) {
  if (status == 429 || (status == 503 && has_retry_after)) return Kind::slowed;
  if (status == 502 || status == 503 || status == 504) return Kind::failed;
  return status < 500 ? Kind::healthy : Kind::answered;
}

}  // namespace

CallEnd call_end(const std::expected<OutboundResponse, CallError>& answer, Timestamp now) {
  if (!answer) return of_error(answer.error());
  CallEnd end;
  end.response_bytes = true;
  end.error = fmt::format("http_{}", answer->status);
  const auto asked = answer->headers.get("Retry-After");
  if (asked) end.not_before = retry_after(*asked, now);
  end.kind = kind_of(answer->status, end.not_before.has_value());
  return end;
}

}  // namespace belfry::http
