#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/message.hpp"

namespace belfry::http {

struct HeadLimits {
  std::size_t bytes_max = 32 * 1024;
  std::size_t fields_max = 100;
  std::size_t line_bytes_max = 8 * 1024;  // of the request line
};

// What a request head says, once it has passed every check.
struct HeadFacts {
  Method method = Method::get;
  std::string path;   // see Request::path
  std::string query;  // raw, without '?'
  Headers headers;
  enum class Framing { none, length, chunked } framing = Framing::none;
  std::uint64_t content_length = 0;  // with Framing::length
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

// How many bytes of `received` to give to `check_head`: up to the empty line, or less if what is
// there cannot become a proper head. 0: more must be read. `scanned` is how much an earlier call
// saw.
std::size_t head_length(std::string_view received, std::size_t scanned);

// The one place that reads request heads and decides the framing (RFC 9112, narrowed: what two
// parsers might read differently is refused). `block` ends with the empty line. Pure; any bytes.
// Fails with malformed_request, headers_too_large, uri_too_long, version_not_supported,
// not_implemented (method or coding), payload_too_large or unsupported_encoding.
Result<HeadFacts> check_head(std::string_view block, const HeadLimits& limits);

}  // namespace belfry::http
