#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace belfry::client {

// The right to end one attempt: of a push that was answered PushOutcome::accepted
// ({push.task_id, push.lease}), or of a task leased by `call`. A Worker does all of this by itself.
struct Lease {
  std::string task_id;
  std::string token;
};

// What a heartbeat says. Texts longer than their limits are cut between two characters.
struct Heartbeat {
  std::chrono::milliseconds extend{30'000};   // from now; 1 s to 1 h
  std::optional<int> percent = std::nullopt;  // 0 to 100
  std::string text = {};                      // of the progress; at most 256 bytes
  std::vector<std::string> logs = {};         // at most 100 lines of 2,048 bytes
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;  // else the client's
  std::stop_token stop = {};                                        // ends the call with ":closed"
};

// What the scheduler took in another form than it was sent, as a message that it cut.
struct Warning {
  std::string code;  // "cut", "characters_replaced", "number_adjusted", "taken_as_text", "ignored"
  std::string detail;
};

struct HeartbeatAnswer {
  std::string lease_expires_at;   // RFC 3339
  bool cancel_requested = false;  // the outcome is not taken any more
  std::vector<Warning> warnings = {};
};

}  // namespace belfry::client
