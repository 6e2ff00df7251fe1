#pragma once

#include "store/gateway.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <latch>
#include <thread>

#include "store/answers.hpp"
#include "store/fake_backend.hpp"
#include "support/comes_true.hpp"

// Test support: a gateway over a backend in memory, asked from one I/O thread.
namespace belfry::store {

namespace asio = boost::asio;
using test::comes_true;
using Act = FakeBackend::Act;
template <class T>
using Future = std::future<T>;

// One I/O thread.
class Loop {
 public:
  Loop() : thread_([this] { context.run(); }) {}
  ~Loop() {
    work_.reset();
    thread_.join();
  }
  asio::io_context context;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_{context.get_executor()};
  std::thread thread_;
};

inline Submit a_submit(std::uint64_t n) {
  Submit submit;
  submit.task.id = TaskId{{n, n}};
  return submit;
}

class GatewayTest : public testing::Test {
 protected:
  // What a transaction takes is not measured here: its size is as the test says.
  void open(GatewayOptions options = {}) {
    options.batch_time = std::chrono::hours(1);
    gateway_ = std::make_unique<Gateway>(backend_, options, metrics_, [this](std::string why) {
      ++broken_calls_;
      broken_reason_ = std::move(why);
    });
  }
  template <class C>
  Future<Result<typename C::Reply>> ask(C command) {
    return asio::co_spawn(loop_.context, gateway_->ask(std::move(command)), asio::use_future);
  }
  Future<std::vector<Result<Reply>>> ask_all(std::vector<Command> commands) {
    return asio::co_spawn(loop_.context, gateway_->ask_all(std::move(commands)), asio::use_future);
  }
  Future<Result<int>> read(std::function<int(Snapshot&)> fn) {
    return asio::co_spawn(loop_.context, gateway_->read<int>(std::move(fn)), asio::use_future);
  }
  // Until so many commands have arrived behind the transaction that is held.
  void await_waiting(std::size_t n) {
    ASSERT_TRUE(comes_true([&] { return gateway_->waiting() >= n; }))
        << gateway_->waiting() << " commands wait, not " << n;
  }
  // Holds a transaction of one command.
  Future<Result<Submit::Reply>> hold_one() {
    backend_.hold();
    auto first = ask(a_submit(1'000'000));
    backend_.await_held();
    return first;
  }
  std::uint64_t metric(const std::string& name) {
    const auto text = metrics_.text();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
  }

  FakeBackend backend_;
  MetricsRegistry metrics_;
  std::atomic<int> broken_calls_{0};
  std::string broken_reason_;
  Loop loop_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace belfry::store
