#include "server/data_watch.hpp"

#include <chrono>

namespace belfry::server {

namespace {

constexpr std::chrono::seconds kEvery{1};

}  // namespace

DataWatch::DataWatch(std::function<void()> round)
    : round_(std::move(round)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void DataWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kEvery, [] { return false; });
    }
    if (!stop.stop_requested()) round_();
  }
}

}  // namespace belfry::server
