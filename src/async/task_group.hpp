#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>

namespace belfry::async {

// Nothing is detached: every coroutine is spawned into a group, and a part has stopped when its
// group is joined. An exception that leaves a member is given to `on_failure` (which logs, or ends
// the process when it is store::Broken). Thread-safe.
class TaskGroup {
 public:
  using OnFailure = std::function<void(std::exception_ptr)>;
  TaskGroup(boost::asio::any_io_executor executor, OnFailure on_failure);
  ~TaskGroup();  // CHECKs that nothing runs any more

  // Starts `work` on the group's executor (or on the one given).
  void spawn(boost::asio::awaitable<void> work);
  void spawn(boost::asio::any_io_executor executor, boost::asio::awaitable<void> work);
  // Returns once every member has ended. New members may still be added before that.
  boost::asio::awaitable<void> join();
  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::async
