#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.hpp"

namespace belfry::http {

struct KeepLimits {
  std::chrono::milliseconds unsaid{4'000};  // the answer does not say how long the peer waits
  std::chrono::milliseconds most{30'000};
};

// Reads one HTTP/1.1 answer from bytes as they come: interim (1xx) answers are skipped, the head is
// limited to 32 KiB, of the body the first `body_max` bytes are kept.
class AnswerReader {
 public:
  AnswerReader(Method method, std::size_t body_max);
  ~AnswerReader();

  enum class Progress { need_more, done, malformed };
  // Takes off `input` what it has understood; `input` must start with what it left.
  Progress feed(std::string& input);
  // The peer closed: done if the answer ends there.
  Progress end_of_input();
  // The status once the head is whole, before it 0.
  int status() const;
  // What has come of the body since the last call; then `body_max` counts anew (streams).
  std::string take_body();
  // After done. How long the connection may wait for another request; nothing: it must not.
  std::optional<std::chrono::milliseconds> keep_for(KeepLimits limits) const;
  OutboundResponse take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace belfry::http
