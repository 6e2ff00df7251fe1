#pragma once

// A real server on a thread of its own, and a blocking client socket, for the server's tests.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "async/wake_up.hpp"
#include "http/server.hpp"

namespace belfry::http::testing {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// Blocks; every wait ends after ten seconds at the latest, so that a hanging server fails a test.
class Peer {
 public:
  explicit Peer(std::uint16_t port, const std::string& from = "127.0.0.1") : socket_(context_) {
    socket_.open(asio::ip::tcp::v4());
    socket_.bind({asio::ip::make_address(from), 0});
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    const timeval limit{10, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  void send(std::string_view bytes) {
    boost::system::error_code ignored;  // a server that has refused already may have closed
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  void end_sending() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }
  void close() { socket_.close(); }

  // Reads until `end` has come; everything up to it.
  std::string read_until(std::string_view end) {
    while (bytes_.find(end) == std::string::npos && read_more()) {
    }
    const std::size_t at = bytes_.find(end);
    const std::string text = bytes_.substr(0, at == std::string::npos ? at : at + end.size());
    bytes_.erase(0, text.size());
    return text;
  }
  // One response with Content-Length; empty when the server has closed.
  std::string read_response(bool body = true) {
    std::string text = read_until("\r\n\r\n");
    const std::size_t at = text.find("Content-Length: ");
    if (at == std::string::npos || !body) {
      return text;
    }
    const std::size_t length = std::stoul(text.substr(at + 16));
    while (bytes_.size() < length && read_more()) {
    }
    text += bytes_.substr(0, length);
    bytes_.erase(0, length);
    return text;
  }
  // What has come, or what comes next.
  std::string read_some() {
    if (bytes_.empty()) read_more();
    return std::exchange(bytes_, {});
  }
  std::string read_to_end() {
    while (read_more()) {
    }
    return std::move(bytes_);
  }
  // True if the server has closed and sent nothing more.
  bool ended() { return bytes_.empty() && !read_more(); }

 private:
  bool read_more() {
    std::array<char, 4'096> some{};
    const auto count = ::recv(socket_.native_handle(), some.data(), some.size(), 0);
    EXPECT_TRUE(count >= 0 || errno == ECONNRESET) << "the server did not answer in time";
    if (count > 0) {
      bytes_.append(some.data(), static_cast<std::size_t>(count));
    }
    return count > 0;
  }

  asio::io_context context_;
  asio::ip::tcp::socket socket_;
  std::string bytes_;
};

class RunningServer {
 public:
  using Handle = std::function<asio::awaitable<Response>(Request&)>;
  using Judge = std::function<HeadVerdict(const Request&)>;

  explicit RunningServer(Handle handle, ServerOptions options = {}, std::size_t threads = 1,
                         Judge judge = {}) {
    std::vector<asio::any_io_executor> executors;
    for (std::size_t i = 0; i < threads; ++i) {
      contexts_.push_back(std::make_unique<asio::io_context>(1));
      guards_.emplace_back(contexts_.back()->get_executor());
      executors.emplace_back(contexts_.back()->get_executor());
    }
    auto with = hooks(handle);
    with.judge_head = std::move(judge);
    server_ = std::make_unique<Server>(std::move(executors), std::move(options), std::move(with));
    server_->start();
    for (auto& context : contexts_) {
      threads_.emplace_back([&context] { context->run(); });
    }
  }
  ~RunningServer() {
    if (!stopped_) {
      stop(milliseconds(5'000));
    }
    guards_.clear();
    for (auto& thread : threads_) {
      thread.join();
    }
    server_.reset();
  }

  void stop(milliseconds limit) { begin_stop(limit).get(); }
  std::future<void> begin_stop(milliseconds limit) {
    stopped_ = true;
    return asio::co_spawn(*contexts_.front(), server_->stop(limit), asio::use_future);
  }
  Server& server() { return *server_; }
  std::uint16_t port() const { return server_->port(); }

 private:
  static ServerHooks hooks(Handle handle) {
    ServerHooks hooks;
    hooks.handle = std::move(handle);
    hooks.body_limit = [](Method, std::string_view path) {
      return path == "/large" ? std::size_t{64} << 20 : std::size_t{1'000};
    };
    hooks.refuse = [](const Error& error) {
      Response response;
      response.status = http_status(error.code);
      response.content_type = "text/plain";
      response.body = std::string(name(error.code));
      return response;
    };
    return hooks;
  }

  std::vector<std::unique_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  std::unique_ptr<Server> server_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

inline asio::awaitable<Response> echo(Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::string(name(request.method)) + " " + request.path + "?" + request.query +
                  " " + request.body;
  co_return response;
}

}  // namespace belfry::http::testing
