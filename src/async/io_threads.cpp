#include "async/io_threads.hpp"

namespace belfry::async {

IoThreads::IoThreads(int count, std::function<void(std::exception_ptr)> on_failure) {
  for (int i = 0; i < count; ++i) {
    auto loop = std::make_unique<Loop>();
    loop->thread = std::thread([&context = loop->context, on_failure] {
      try {
        context.run();
      } catch (...) {
        on_failure(std::current_exception());
      }
    });
    loops_.push_back(std::move(loop));
  }
}

IoThreads::~IoThreads() {
  join();
}

std::vector<boost::asio::any_io_executor> IoThreads::executors() {
  std::vector<boost::asio::any_io_executor> executors;
  for (const auto& loop : loops_) executors.emplace_back(loop->context.get_executor());
  return executors;
}

void IoThreads::join() {
  for (const auto& loop : loops_) loop->work.reset();
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

}  // namespace belfry::async
