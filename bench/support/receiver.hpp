#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "http/server.hpp"

namespace belfry::bench {

// A push target that only counts: our own HTTP server with an empty 200 for everything.
class Receiver {
 public:
  // `on_push` is called with each body, on the receiver's thread.
  explicit Receiver(std::function<void(const http::Request&)> on_push = {});
  ~Receiver();
  int port() const { return server_->port(); }
  long count() const;
  // Until that many have come. Throws if none comes for a minute.
  void wait_for(long count);

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::function<void(const http::Request&)> on_push_;
  mutable std::mutex mutex_;
  std::condition_variable reached_;
  long count_ = 0;
  long wanted_ = 0;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

}  // namespace belfry::bench
