#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "http/resolver.hpp"

namespace belfry::http {

struct ChannelOptions {
  std::chrono::milliseconds first_try{1'000};  // doubled with every further try
  int tries = 2;
  int answer_bytes_max = 1'232;  // what EDNS offers to take in one datagram
  // Datagrams only: what is cut short is taken as it came. A connection of one question that
  // breaks fails every other question of the same channel.
  bool datagrams_only = true;
  std::string servers = {};  // "ADDRESS:PORT,..." instead of those of resolv.conf
};

// How a question ended.
enum class Answered {
  found,
  no_such_name,  // the name does not exist, whoever is asked
  not_now,       // no answer, no address in it, or a server's failure
};

// One c-ares channel on the executor (single-threaded). It must not be destroyed in a callback.
class CaresChannel {
 public:
  using Done = std::function<void(Answered, Resolution)>;
  // Throws std::runtime_error if c-ares cannot start.
  CaresChannel(boost::asio::any_io_executor executor, const ChannelOptions& options);
  ~CaresChannel();
  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;

  // Calls `done` exactly once, perhaps before returning; at destruction with `not_now`.
  void ask(const std::string& host, Done done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace belfry::http
