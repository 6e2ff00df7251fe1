// The streaming half of Connection: server-sent events and the like.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "http/connection.hpp"

namespace belfry::http {
namespace asio = boost::asio;

class Connection::ChunkWriter final : public StreamWriter {
 public:
  explicit ChunkWriter(Connection& connection) : connection_(connection) {}

  asio::awaitable<bool> write(std::string bytes) override {
    Connection& to = connection_;
    if (failed_ || to.peer_gone_ || to.draining_) {
      co_return false;
    }
    if (bytes.empty()) {
      co_return true;  // an empty chunk would end the body
    }
    const std::string framed =
        to.http_1_0_ ? std::move(bytes) : fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    const Buffers all{asio::buffer(framed), asio::const_buffer()};
    failed_ = !co_await to.write(all);
    co_return !failed_;
  }

  asio::awaitable<void> turn() override { return connection_.context_.stream_turns.next(); }

  bool failed() const { return failed_; }

 private:
  Connection& connection_;
  bool failed_ = false;
};

asio::awaitable<bool> Connection::send_stream(const Response& response, bool head_only) {
  keep_alive_ = keep_alive_ && !draining_ && !http_1_0_;
  out_.clear();
  append_head(out_, response, http_1_0_ ? BodyFraming::until_close : BodyFraming::chunked,
              !keep_alive_, http_1_0_, context_.date.now());
  const Buffers head{asio::buffer(out_), asio::const_buffer()};
  const bool sent = co_await write(head);
  if (!sent || head_only) {
    co_return sent;
  }
  using namespace asio::experimental::awaitable_operators;
  streaming_ = true;
  co_await (run_stream(response) && watch_peer());
  keep_alive_ = keep_alive_ && !draining_;
  co_return !peer_gone_;
}

asio::awaitable<void> Connection::run_stream(const Response& response) {
  ChunkWriter writer(*this);
  bool ended = false;
  try {
    co_await asio::co_spawn(co_await asio::this_coro::executor, response.stream(writer),
                            asio::bind_cancellation_slot(stream_end_.slot(), asio::use_awaitable));
    ended = true;
  } catch (const std::exception& error) {
    // A stream that is told to end is interrupted in whatever it waits for.
    ended = draining_;
    log().debug("stream ended error=\"{}\"", error.what());
  }
  streaming_ = false;
  transport_.cancel();  // ends the watch
  if (!ended || writer.failed()) {
    // Without its last chunk the client sees that the body was cut off.
    peer_gone_ = true;
  }
  if (!peer_gone_ && !http_1_0_) {
    out_ = "0\r\n\r\n";
    const Buffers last{asio::buffer(out_), asio::const_buffer()};
    peer_gone_ = !co_await write(last);
  }
}

// Notices a client that goes while the stream has nothing to write.
asio::awaitable<void> Connection::watch_peer() {
  if (!streaming_) {
    co_return;
  }
  ErrorCodeOf error;
  co_await transport_.wait_readable(error);
  if (streaming_ && !error && transport_.peer_closed()) {
    peer_gone_ = true;
    stream_end_.emit(asio::cancellation_type::terminal);
  }
}

}  // namespace belfry::http
