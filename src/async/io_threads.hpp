#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace belfry::async {

// A few event loops, each with a thread of its own; work stays on the loop it began on.
class IoThreads {
 public:
  // What leaves a loop is a bug or store::Broken: `on_failure` ends the process.
  IoThreads(int count, std::function<void(std::exception_ptr)> on_failure);
  ~IoThreads();

  std::vector<boost::asio::any_io_executor> executors();
  void join();  // lets the loops run out of work

 private:
  struct Loop {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(context);
    std::thread thread;
  };
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace belfry::async
