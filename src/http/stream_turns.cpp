#include "http/stream_turns.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace belfry::http {
namespace asio = boost::asio;

asio::awaitable<void> StreamTurns::next() {
  auto join = [this](auto handler) {
    waiting_.emplace_back(std::move(handler));
    if (std::exchange(running_, true)) return;
    asio::post(executor_, [this] { run_one(); });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(join, asio::use_awaitable);
}

void StreamTurns::run_one() {
  auto resume = std::move(waiting_.front());
  waiting_.pop_front();
  running_ = !waiting_.empty();
  if (running_) asio::post(executor_, [this] { run_one(); });
  resume();
}

}  // namespace belfry::http
