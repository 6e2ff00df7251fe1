#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace belfry::http {

// Decodes a chunked body (RFC 9112 section 7.1) as its bytes come, strictly: CRLF only, at most
// eight hex digits a size, extensions and trailers bounded and dropped. Pure; any bytes.
class ChunkedBody {
 public:
  explicit ChunkedBody(std::size_t body_max) : body_max_(body_max) {}

  // Takes what it can from the front of `bytes` and appends to `body`. True once the body is
  // complete; what is left in `bytes` is then the next request. Fails with malformed_request,
  // payload_too_large or headers_too_large (trailers).
  Result<bool> take(std::string_view& bytes, std::string& body);

 private:
  enum class State { size, data, data_end, trailer, done };
  Result<> take_line(std::string_view line, std::string& body);
  Result<> take_size(std::string_view line, std::size_t body_size);

  std::size_t body_max_;
  State state_ = State::size;
  std::uint64_t left_ = 0;   // of the chunk's data
  std::size_t dropped_ = 0;  // extension and trailer bytes
  std::string line_;         // begun and not ended
};

}  // namespace belfry::http
