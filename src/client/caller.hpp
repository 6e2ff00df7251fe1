#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "belfry/client.hpp"
#include "client/transport.hpp"

namespace belfry::client {

// Calls of one account: adds the token, renews it in time, and decides what is tried again, and
// when. The one place of both decisions. Thread-safe.
class Caller {
 public:
  // Throws std::runtime_error if the CA file cannot be read.
  explicit Caller(ClientOptions options);
  ~Caller();

  Result<Client::Answer> call(const Client::Call& call);
  // Without a token.
  Result<Client::Answer> call_openly(const Client::Call& call);
  void close() { closed_.request_stop(); }

 private:
  // What may be wrong with one attempt, whether another one is allowed, and whether this one may
  // have done its work.
  struct Attempt {
    Result<Client::Answer> result;
    bool repeatable = false;
    bool maybe_done = false;
  };
  Attempt attempt(const Client::Call& call, const std::string& token, const std::stop_token& stop);
  Result<Client::Answer> call_until(const Client::Call& call, bool with_token);
  Result<std::string> token(const std::stop_token& stop);
  void forget(const std::string& token);
  Attempt failed(const http::CallError& failed_call, const Client::Call& call) const;

  ClientOptions options_;
  AnchoredClock clock_;
  Random random_;
  Transport transport_;
  std::stop_source closed_;
  std::mutex token_mutex_;  // held while a token is fetched: the others wait for the same one
  Secret token_;
  std::chrono::steady_clock::time_point renew_at_;
};

}  // namespace belfry::client
