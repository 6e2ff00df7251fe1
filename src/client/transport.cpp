#include "client/transport.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>

#include "base/check.hpp"

namespace belfry::client {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kAnswerBytesMax = 64u << 20;  // a page of full tasks can be 25 MB

struct Pending {
  asio::cancellation_signal cancel;
  std::promise<SendResult> answer;
};

http::EgressPolicy open_policy() {
  auto policy = http::EgressPolicy::make({"0.0.0.0/0", "::/0"});
  CHECK(policy.has_value());
  return std::move(*policy);
}

}  // namespace

Transport::Transport(const std::string& ca_file)
    : work_(context_.get_executor()), policy_(open_policy()) {
  http::ClientOptions options;
  options.answer_bytes_max = kAnswerBytesMax;
  options.extra_ca_file = ca_file;
  client_.emplace(context_.get_executor(), policy_, options);
  thread_ = std::thread([this] { context_.run(); });
}

Transport::~Transport() {
  asio::post(context_, [this] {
    client_->close();
    work_.reset();
  });
  thread_.join();
}

SendResult Transport::send(http::OutboundRequest request, const std::stop_token& stop) {
  const auto pending = std::make_shared<Pending>();
  auto answer = pending->answer.get_future();
  asio::post(context_, [this, pending, request = std::move(request)]() mutable {
    const auto done = [pending](std::exception_ptr failure, SendResult result) {
      if (failure) {
        pending->answer.set_exception(failure);
      } else {
        pending->answer.set_value(std::move(result));
      }
    };
    asio::co_spawn(context_, client_->send(std::move(request)),
                   asio::bind_cancellation_slot(pending->cancel.slot(), done));
  });
  const std::stop_callback stopped(stop, [this, pending] {
    asio::post(context_, [pending] { pending->cancel.emit(asio::cancellation_type::terminal); });
  });
  return answer.get();
}

}  // namespace belfry::client
