#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>

namespace belfry::async {

// A few threads for blocking work (files, name look-ups, password-grade hashing).
class BlockingPool {
 public:
  explicit BlockingPool(std::size_t threads) : pool_(threads) {}

  // Runs `work` on a pool thread; the caller resumes on its own executor. What `work` throws is
  // rethrown to the caller. R needs a default constructor.
  template <class R>
  boost::asio::awaitable<R> run(std::function<R()> work);

  void join() { pool_.join(); }

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace belfry::async

#include "async/blocking_pool_impl.hpp"
