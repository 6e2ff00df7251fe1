#include "async/wake_up.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <utility>

namespace belfry::async {
namespace asio = boost::asio;

// The timer is touched on its executor only. `notify` and the stop come from any thread: they set
// what is asked for under the mutex and post at most one poke of the timer.
struct WakeUp::State : std::enable_shared_from_this<WakeUp::State> {
  explicit State(asio::any_io_executor executor) : timer(std::move(executor)) {}

  asio::steady_timer timer;
  std::mutex mutex;
  bool notified = false;
  bool waiting = false;
  bool poked = false;

  void poke_locked() {
    if (waiting && !std::exchange(poked, true)) {
      asio::post(timer.get_executor(), [self = shared_from_this()] { self->poke(); });
    }
  }

  void poke() {
    {
      const std::lock_guard lock(mutex);
      poked = false;
      if (!waiting) {
        return;
      }
    }
    timer.cancel();
  }

  // True if there was a notification to take.
  bool take_or_wait() {
    const std::lock_guard lock(mutex);
    waiting = !std::exchange(notified, false);
    return !waiting;
  }

  bool end_wait() {
    const std::lock_guard lock(mutex);
    waiting = false;
    return std::exchange(notified, false);
  }
};

namespace {

using Deadline = std::chrono::steady_clock::time_point;

Deadline deadline_of(std::optional<std::chrono::milliseconds> at_most) {
  return at_most ? std::chrono::steady_clock::now() + *at_most : Deadline::max();
}

}  // namespace

WakeUp::WakeUp(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

WakeUp::~WakeUp() = default;

void WakeUp::notify() {
  const std::lock_guard lock(state_->mutex);
  state_->notified = true;
  state_->poke_locked();
}

asio::awaitable<WakeUp::Reason> WakeUp::wait(std::optional<std::chrono::milliseconds> at_most,
                                             StopSignal stop) {
  const auto state = state_;
  const Deadline deadline = deadline_of(at_most);
  const auto subscription = stop.on_request([weak = std::weak_ptr(state)] {
    if (const auto alive = weak.lock()) {
      const std::lock_guard lock(alive->mutex);
      alive->poke_locked();
    }
  });
  for (;;) {
    if (stop.requested()) {
      state->end_wait();
      co_return Reason::stopped;
    }
    state->timer.expires_at(deadline);
    if (state->take_or_wait()) {
      co_return Reason::notified;
    }
    // A stop between the check above and here found nobody waiting, so it is looked for again.
    if (!stop.requested()) {
      boost::system::error_code error;
      co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (state->end_wait()) {
        co_return Reason::notified;
      }
      if (!error) {
        co_return Reason::timed_out;
      }
    }
  }
}

namespace {

struct Sleep {
  explicit Sleep(asio::any_io_executor executor) : timer(std::move(executor)) {}
  asio::steady_timer timer;
};

}  // namespace

asio::awaitable<bool> sleep_for(std::chrono::milliseconds time, StopSignal stop) {
  const auto sleep = std::make_shared<Sleep>(co_await asio::this_coro::executor);
  sleep->timer.expires_after(time);
  const auto subscription = stop.on_request([weak = std::weak_ptr(sleep)] {
    if (const auto alive = weak.lock()) {
      asio::post(alive->timer.get_executor(), [alive] { alive->timer.cancel(); });
    }
  });
  if (stop.requested()) {
    co_return false;
  }
  boost::system::error_code error;
  co_await sleep->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

}  // namespace belfry::async
