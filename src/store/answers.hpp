#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <functional>
#include <utility>
#include <vector>

namespace belfry::store {

using Resumption = std::move_only_function<void()>;

// Someone who waits for the store. Without an executor it is called on the store's own thread.
struct Waiter {
  Resumption resume = {};
  boost::asio::any_io_executor executor = {};

  template <class Handler>
  static Waiter of(Handler handler) {
    boost::asio::any_io_executor executor = boost::asio::get_associated_executor(handler);
    return {.resume = Resumption(std::move(handler)), .executor = std::move(executor)};
  }
};

// Those who are to be resumed after one commit. They are posted in one piece an executor: a post a
// command is too dear at tens of thousands of commands a second. Never resumes inline, except for
// waiters without an executor.
class Answers {
 public:
  void add(Waiter waiter);
  void deliver();  // and is empty again

 private:
  struct Group {
    boost::asio::any_io_executor executor;
    std::vector<Resumption> waiting;
  };
  std::vector<Group> groups_;
};

}  // namespace belfry::store
