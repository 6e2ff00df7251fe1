#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.hpp"

namespace belfry::http {

// Reads one HTTP/1.1 answer from bytes as they come: interim (1xx) answers are skipped, the head is
// limited to 32 KiB, of the body the first `body_max` bytes are kept.
class AnswerReader {
 public:
  AnswerReader(Method method, std::size_t body_max);
  ~AnswerReader();

  enum class Progress { need_more, done, malformed };
  // Takes off `input` what it has understood; `input` must start with what it left.
  Progress feed(std::string_view& input);
  // The peer closed: done if the answer ends there.
  Progress end_of_input();
  // The status once the head is whole, before it 0.
  int status() const;
  // What has come of the body since the last call; then `body_max` counts anew (streams).
  std::string take_body();
  // After done. True if the connection may carry another request.
  bool keep_alive() const;
  OutboundResponse take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace belfry::http
