#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "async/stop_signal.hpp"

namespace belfry::async {

// A one-slot channel: any number of `notify()` before the next `wait()` wake it once. `notify` is
// thread-safe; one coroutine waits at a time, on the executor given.
class WakeUp {
 public:
  explicit WakeUp(boost::asio::any_io_executor executor);
  ~WakeUp();

  void notify();
  enum class Reason { notified, timed_out, stopped };
  // Waits for a notification, for `at_most` (std::nullopt: no limit), or for the stop.
  boost::asio::awaitable<Reason> wait(std::optional<std::chrono::milliseconds> at_most,
                                      StopSignal stop);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Sleeps unless stopped first; true if the whole time passed.
boost::asio::awaitable<bool> sleep_for(std::chrono::milliseconds time, StopSignal stop);

}  // namespace belfry::async
