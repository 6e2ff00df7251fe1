#include "receiver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>

namespace belfry::bench {
namespace {

boost::asio::awaitable<http::Response> empty_ok() {
  co_return http::Response{};
}

}  // namespace

Receiver::Receiver(std::function<void(const http::Request&)> on_push)
    : work_(boost::asio::make_work_guard(context_)), on_push_(std::move(on_push)) {
  http::ServerHooks hooks;
  hooks.handle = [this](http::Request& request) {
    if (on_push_) on_push_(request);
    {
      const std::lock_guard lock(mutex_);
      if (++count_ == wanted_) reached_.notify_all();
    }
    return empty_ok();
  };
  hooks.body_limit = [](http::Method, std::string_view) { return std::size_t{1} << 20; };
  hooks.refuse = [](const Error& error) {
    http::Response response;
    response.status = http_status(error.code);
    return response;
  };
  server_ = std::make_unique<http::Server>(
      std::vector<boost::asio::any_io_executor>{context_.get_executor()}, http::ServerOptions{},
      hooks);
  server_->start();
  thread_ = std::thread([this] { context_.run(); });
}

Receiver::~Receiver() {
  boost::asio::co_spawn(context_, server_->stop(std::chrono::milliseconds{200}),
                        boost::asio::use_future)
      .get();
  work_.reset();
  thread_.join();
}

long Receiver::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void Receiver::wait_for(long count) {
  std::unique_lock lock(mutex_);
  wanted_ = count;
  while (count_ < count) {
    const auto before = count_;
    const bool done =
        reached_.wait_for(lock, std::chrono::minutes{1}, [&] { return count_ >= count; });
    if (!done && count_ == before) {
      throw std::runtime_error("no push for a minute: " + std::to_string(count_) + " of " +
                               std::to_string(count) + " have come");
    }
  }
}

}  // namespace belfry::bench
