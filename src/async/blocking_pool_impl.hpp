#pragma once

// Included by blocking_pool.hpp only: the body of its one template.

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace belfry::async {

template <class R>
boost::asio::awaitable<R> BlockingPool::run(std::function<R()> work) {
  namespace asio = boost::asio;
  // A plain function that returns the awaitable: the work is moved to the pool before anything
  // suspends, so that no frame is shared between threads.
  return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, R)>(
      [this](auto handler, std::function<R()> job) {
        asio::post(pool_, [handler = std::move(handler), job = std::move(job)]() mutable {
          std::exception_ptr failure;
          R result{};
          try {
            result = job();
          } catch (...) {
            failure = std::current_exception();
          }
          job = nullptr;  // what it captured goes before the caller may look
          auto executor = asio::get_associated_executor(handler);
          asio::post(executor, [handler = std::move(handler), failure = std::move(failure),
                                result = std::move(result)]() mutable {
            std::move(handler)(std::move(failure), std::move(result));
          });
        });
      },
      asio::use_awaitable, std::move(work));
}

}  // namespace belfry::async
