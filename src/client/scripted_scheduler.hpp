#pragma once

#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "belfry/client.hpp"
#include "belfry/receiver.hpp"

namespace belfry::client::testing {

// A scheduler that answers from a script, for tests of its callers: each request (tokens apart)
// takes the next answer, and is recorded.
class ScriptedScheduler {
 public:
  ScriptedScheduler() : receiver_(std::move(*Receiver::make({}))) {
    receiver_.route("POST", "/api/v1/auth/token", [this](const Request&) { return token(); });
    for (const auto* method : {"GET", "POST", "PUT", "DELETE"}) {
      for (const auto* path : {"/api/v1/{a}", "/api/v1/{a}/{b}", "/api/v1/{a}/{b}/{c}"}) {
        receiver_.route(method, path, [this](const Request& request) { return next(request); });
      }
    }
    if (!receiver_.start()) std::abort();  // a route here has a method that is none
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(receiver_.port()); }

  Client client() const {
    ClientOptions options;
    options.url = url();
    options.api_key = "key";
    options.backoff_first = std::chrono::milliseconds(1);
    return std::move(*Client::make(options));
  }

  void answer(Response response) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(response));
  }
  void token_life(int seconds) {
    const std::lock_guard lock(mutex_);
    token_life_ = seconds;
  }

  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int tokens() const {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }

 private:
  Response token() {
    const std::lock_guard lock(mutex_);
    return Response::json(200, Json::object({{"access_token", "t" + std::to_string(++tokens_)},
                                             {"expires_in", token_life_}}));
  }
  Response next(const Request& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (script_.empty()) return Response::json(200, Json::object());
    auto response = std::move(script_.front());
    script_.pop_front();
    return response;
  }

  mutable std::mutex mutex_;
  std::deque<Response> script_;
  std::vector<Request> requests_;
  int tokens_ = 0;
  int token_life_ = 3'600;
  Receiver receiver_;
};

inline Response task_answer(int status, const std::string& id) {
  return Response::json(status, Json::object({{"taskId", id}, {"status", "PENDING"}}));
}

}  // namespace belfry::client::testing
