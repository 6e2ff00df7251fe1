#include "async/task_group.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace belfry::async {
namespace asio = boost::asio;

struct TaskGroup::State {
  // Resumes a joiner on its own executor, never inside the member that ended last.
  using Waiter = std::move_only_function<void()>;

  asio::any_io_executor executor;
  OnFailure on_failure;
  mutable std::mutex mutex;
  std::size_t running = 0;
  std::vector<Waiter> waiters;

  void ended() {
    std::vector<Waiter> told;
    {
      const std::lock_guard lock(mutex);
      if (--running == 0) {
        told.swap(waiters);
      }
    }
    for (auto& waiter : told) {
      waiter();
    }
  }

  void add_waiter(Waiter waiter) {
    {
      const std::lock_guard lock(mutex);
      if (running != 0) {
        waiters.push_back(std::move(waiter));
        return;
      }
    }
    waiter();
  }
};

TaskGroup::TaskGroup(asio::any_io_executor executor, OnFailure on_failure)
    : state_(std::make_shared<State>()) {
  state_->executor = std::move(executor);
  state_->on_failure = std::move(on_failure);
}

TaskGroup::~TaskGroup() {
  CHECK(size() == 0);
}

void TaskGroup::spawn(asio::awaitable<void> work) {
  spawn(state_->executor, std::move(work));
}

void TaskGroup::spawn(asio::any_io_executor executor, asio::awaitable<void> work) {
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->running;
  }
  asio::co_spawn(std::move(executor), std::move(work),
                 [state = state_](const std::exception_ptr& failure) {
                   if (failure && state->on_failure) {
                     state->on_failure(failure);
                   }
                   state->ended();
                 });
}

asio::awaitable<void> TaskGroup::join() {
  // The state outlives the group's owner only for as long as this wait holds it.
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [state = state_](auto handler) {
        state->add_waiter([handler = std::move(handler)]() mutable {
          auto executor = asio::get_associated_executor(handler);
          asio::post(executor, std::move(handler));
        });
      },
      asio::use_awaitable);
}

std::size_t TaskGroup::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running;
}

}  // namespace belfry::async
