#include "receiver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

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
    count_.fetch_add(1);
    count_.notify_all();
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

void Receiver::wait_for(long count) const {
  for (auto now = count_.load(); now < count; now = count_.load()) count_.wait(now);
}

}  // namespace belfry::bench
