#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/metrics.hpp"
#include "http/client_address.hpp"
#include "http/message.hpp"

namespace belfry::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;     // 0: any free one
  std::string tls_cert_file;  // PEM chain; empty: plain HTTP
  std::string tls_key_file;
  TrustedProxies trusted_proxies;  // believed in what they say of a request's client
  // Beyond: 503 overloaded, closed. An eighth as many again (256 at most) are told so at a time.
  std::size_t connections_max = 10'000;
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t header_count_max = 100;
  std::size_t request_line_bytes_max = 8 * 1024;
  // What the bodies being received or handled may hold, of all connections together; one that came
  // whole with its head is not counted. Of senders whom `judge_head` knows, and of all others.
  // Beyond: 503 overloaded.
  std::size_t body_bytes_max = 64 * 1024 * 1024;
  std::size_t stranger_body_bytes_max = 8 * 1024 * 1024;
  std::chrono::milliseconds header_time{10'000};
  std::chrono::milliseconds body_time{30'000};
  std::chrono::milliseconds idle_time{75'000};
  std::chrono::milliseconds write_time{30'000};
};

// What a request's head alone tells.
struct HeadVerdict {
  std::optional<Response> refusal;  // sent instead of reading the body; then the connection ends
  enum class Sender { stranger, known } sender = Sender::stranger;
};

// The parts of a request's life that the owner decides. All are called on the connection's thread.
struct ServerHooks {
  // Answers a request whose head and body were accepted. Never throws.
  std::function<boost::asio::awaitable<Response>(Request&)> handle;
  // Looks at a request before its body is read, if the client waits for 100 or the strangers' room
  // is used up, and before more than 16 KiB of it are. Empty: all senders are known.
  std::function<HeadVerdict(const Request& head)> judge_head;
  // The most body bytes that this method and path may carry (known before the body is read).
  std::function<std::size_t(Method, std::string_view path)> body_limit;
  // Turns a refusal of the HTTP layer itself (bad framing, limits, time-outs) into an answer.
  std::function<Response(const Error&)> refuse;
};

// An HTTP/1.1 server over Beast: keep-alive, pipelining in order, Expect: 100-continue, HEAD,
// strict framing (PROMISES section 4). Connections are spread over the executors given (one per
// I/O thread, each single-threaded). Listens in the constructor; throws std::system_error with the
// reason when the address cannot be bound.
class Server {
 public:
  Server(std::vector<boost::asio::any_io_executor> executors, ServerOptions options,
         ServerHooks hooks);
  ~Server();

  std::uint16_t port() const;
  void start();  // accepts from now on
  // Stops accepting, lets requests in progress finish (idle connections close at once; streams are
  // told to end), gives up after `limit`. Returns when no connection is left.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);
  std::size_t connections() const;
  std::uint64_t requests_total() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::http
