#pragma once

#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/id.hpp"

namespace belfry::http {

// Requests of one executor take turns by owner before they are handled, so that the thousands of
// one tenant delay another's first by a few and not by all of them. Reading a request is cheap and
// handling it is expensive: between two rounds of turns everything else that is ready runs once,
// which reads what has come meanwhile. Nothing waits while few come at a time that take little.
// The number of connections bounds how many wait. On its executor only, but for `go_on`.
class RequestTurns {
 public:
  // What begins before the sockets have been looked at again: so many, and none after so much time.
  // A round that is used up ends with the next look, so twice as many may begin between two looks.
  struct Round {
    std::size_t requests = 16;
    std::chrono::milliseconds time{2};
  };

  // What a request asks of the store: something else than what follows, a read, or more work.
  enum class Kind { plain, reading, adding };
  // Whether requests of a kind wait for their turn although the executor has time.
  using HoldBack = std::function<bool(Kind)>;
  // Whose turn it is: a tenant, or the address of someone who has none.
  struct Owner {
    TenantId tenant = {};
    std::string address = {};
    auto operator<=>(const Owner&) const = default;
  };

  // `hold_back` may be empty. After it has returned true, `go_on` is called once that ends.
  RequestTurns(boost::asio::any_io_executor executor, const HoldBack& hold_back)
      : RequestTurns(std::move(executor), hold_back, Round()) {}
  RequestTurns(boost::asio::any_io_executor executor, const HoldBack& hold_back, Round round)
      : executor_(std::move(executor)), hold_back_(hold_back), round_(round) {}

  // True: the caller may begin now. False: it has to `wait`.
  bool begin_now(Kind kind);
  boost::asio::awaitable<void> wait(Kind kind, Owner owner);
  // Thread-safe.
  void go_on();

 private:
  using Resume = std::move_only_function<void()>;
  using Lanes = std::map<Owner, std::deque<Resume>>;  // those in which someone waits
  struct Line {
    Lanes lanes;
    std::deque<Lanes::iterator> turns;
    bool empty() const { return turns.empty(); }
    Resume take();
  };

  Line& line(Kind kind) { return lines_[static_cast<std::size_t>(kind)]; }
  bool is_held(Kind kind) const { return hold_back_ && hold_back_(kind); }
  bool may_begin(Kind kind) { return !line(kind).empty() && !is_held(kind); }
  bool someone_waits();
  bool someone_may_begin();
  bool room_in_round() const;
  void begin_one();
  void end_round();
  void run_round();
  bool none_may_begin();
  Resume take_next();

  boost::asio::any_io_executor executor_;
  const HoldBack& hold_back_;
  const Round round_;
  std::array<Line, 3> lines_;
  std::size_t next_ = 0;   // of the lines
  std::size_t begun_ = 0;  // in this round
  std::chrono::steady_clock::time_point first_begun_;
  bool round_ends_ = false;        // `run_round` was posted
  std::atomic<bool> held_{false};  // the next round begins with `go_on`
};

}  // namespace belfry::http
