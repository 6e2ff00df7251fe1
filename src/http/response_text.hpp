#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "http/message.hpp"

namespace belfry::http {

// The Date field's value (IMF-fixdate), made once a second. Not thread-safe: one per executor.
class DateText {
 public:
  explicit DateText(const Clock& clock) : clock_(clock) {}
  std::string_view now();

 private:
  const Clock& clock_;
  std::int64_t second_ = -1;
  std::string text_;
};

// How the bytes after the head are framed.
enum class BodyFraming { none, length, chunked, until_close };

// Appends the response's head. Control characters in field values become spaces, so that no value
// can start another field; the framing fields and Date are this function's own.
void append_head(std::string& out, const Response& response, BodyFraming framing, bool close,
                 bool http_1_0, std::string_view date);

}  // namespace belfry::http
