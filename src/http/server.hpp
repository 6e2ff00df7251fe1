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
#include "http/byte_budget.hpp"
#include "http/client_address.hpp"
#include "http/message.hpp"

namespace belfry::http {

struct ServerOptions {
  static constexpr std::size_t kMiB = std::size_t{1024} * 1024;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;     // 0: any free one
  std::string tls_cert_file;  // PEM chain; empty: plain HTTP
  std::string tls_key_file;
  TrustedProxies trusted_proxies;  // believed in what they say of a request's client
  // Beyond, the connection that has been idle longest makes way; none idle: 503 overloaded, closed.
  // An eighth as many again (256 at most) are refused with words at a time.
  std::size_t connections_max = 10'000;
  // Of one address (address_unit), trusted proxies excepted; beyond: 429 rate_limited.
  std::size_t connections_per_address_max = 1'000;
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t header_count_max = 100;
  std::size_t request_line_bytes_max = 8 * 1024;
  // What the bodies being received or handled may hold: those of senders whom `judge_head` knows,
  // and those of all others. One that came whole with its head is not counted. Per address, and per
  // tenant where `judge_head` names one. Beyond: 503 overloaded.
  ByteBudget::Limits bodies{64 * kMiB, 48 * kMiB, 24 * kMiB};
  ByteBudget::Limits stranger_bodies{8 * kMiB, kMiB, kMiB};
  // What the answers being made or sent may hold, short ones not counted. Beyond: 503 overloaded.
  ByteBudget::Limits answers{160 * kMiB, 112 * kMiB, 48 * kMiB};
  std::chrono::milliseconds header_time{10'000};
  std::chrono::milliseconds body_time{30'000};
  std::chrono::milliseconds idle_time{75'000};
  std::chrono::milliseconds write_time{30'000};  // of a whole answer, and of a part of a stream
  std::chrono::milliseconds stall_time{5'000};  // a reader that takes nothing for so long is closed
};

// What a request's head alone tells.
struct HeadVerdict {
  std::optional<Response> refusal;  // sent instead of reading the body; then the connection ends
  enum class Sender { stranger, known } sender = Sender::stranger;
  TenantId tenant = {};  // of a known sender: whose share of the body budget it uses
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
  // True while requests of this kind are to wait for their turn; `Server::go_on` ends that. Quick,
  // thread-safe, called often. Empty: never.
  RequestTurns::HoldBack hold_back = {};
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
  // Ends what `hold_back` has said. Thread-safe.
  void go_on();
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
