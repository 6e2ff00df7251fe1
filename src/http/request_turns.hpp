#pragma once

#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
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
// which reads what has come meanwhile. Nothing waits while fewer than `kPerRound` come at a time.
// The number of connections bounds how many wait. On its executor only, but for `go_on`.
class RequestTurns {
 public:
  // Requests that begin between two looks at the sockets.
  static constexpr std::size_t kPerRound = 16;

  // Those that add work wait for their turn also while `hold_back` says so.
  enum class Kind { plain, adding };
  // Whose turn it is: a tenant, or the address of someone who has none.
  struct Owner {
    TenantId tenant = {};
    std::string address = {};
    auto operator<=>(const Owner&) const = default;
  };

  // `hold_back` may be empty. After it has returned true, `go_on` is called once that ends.
  RequestTurns(boost::asio::any_io_executor executor, const std::function<bool()>& hold_back)
      : executor_(std::move(executor)), hold_back_(hold_back) {}

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
  bool is_held() const { return hold_back_ && hold_back_(); }
  void end_round();
  void run_round();
  bool stays_held();
  Resume take_next();

  boost::asio::any_io_executor executor_;
  const std::function<bool()>& hold_back_;
  std::array<Line, 2> lines_;
  Kind next_ = Kind::plain;
  std::size_t begun_ = 0;          // in this round
  bool round_ends_ = false;        // `run_round` was posted
  std::atomic<bool> held_{false};  // the next round begins with `go_on`
};

}  // namespace belfry::http
