#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>

namespace belfry::http {

// The streams of one executor take turns: between the parts that two of them send, everything else
// that is ready runs once. So thousands of streams that all have news delay a request by one part,
// and not by one part each. On its executor only.
class StreamTurns {
 public:
  explicit StreamTurns(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  boost::asio::awaitable<void> next();

 private:
  void run_one();

  boost::asio::any_io_executor executor_;
  std::deque<std::move_only_function<void()>> waiting_;
  bool running_ = false;
};

}  // namespace belfry::http
