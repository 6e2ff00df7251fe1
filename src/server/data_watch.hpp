#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace belfry::server {

// A thread that does a round of blocking upkeep once a second, from its start to its end.
class DataWatch {
 public:
  explicit DataWatch(std::function<void()> round);

 private:
  void run(const std::stop_token& stop);

  std::function<void()> round_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace belfry::server
