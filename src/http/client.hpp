#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/egress.hpp"
#include "http/message.hpp"
#include "http/url.hpp"

namespace belfry::http {

// Why an outbound call got no answer: a class, without resolver or connect detail (no port scanner
// for tenants).
enum class CallFailure {
  destination_forbidden,  // an address of the name is not allowed; never retried
  name_not_resolved,
  connect_failed,
  tls_failed,
  timed_out,
  connection_broken,
  malformed_answer,
  cancelled,
};
std::string_view name(CallFailure failure);

struct CallError {
  CallFailure failure = CallFailure::connection_broken;
  bool sent = false;      // a byte of the request may have reached the peer
  bool answered = false;  // a byte of the answer came
  // A kept connection that the peer ended within `stale_end_max` of the request's last byte and
  // before the first byte of an answer: most probably it was closed for idleness, and unread.
  bool stale = false;
  bool own_trouble = false;  // this process lacks descriptors or memory; the peer is not to blame
};

class Resolver;

struct OutboundRequest {
  Method method = Method::post;
  Url url;
  // Host and the fields of framing and hops are the client's own; those, and fields that are not
  // valid HTTP (the API refuses them earlier), are left out.
  Headers headers;
  // More of them, asked for whenever the head is about to be written: at the earliest once a
  // connection stands, again if a kept one turns out dead. For signatures with a time in them.
  std::function<std::vector<std::pair<std::string, std::string>>(std::string_view body)>
      headers_at_sending;
  std::string body;
  std::chrono::milliseconds timeout{30'000};  // for everything: resolve, connect, send, answer
  std::string pool_key;  // connections are shared only within one key (the tenant)
  // It does no harm if the peer acts on it twice, as it carries an id by which that is seen. GET,
  // HEAD, PUT, DELETE and OPTIONS do none anyway.
  bool repeatable = false;
  enum class Connection { kept_or_fresh, fresh };
  Connection connection = Connection::kept_or_fresh;
  // What follows when a kept connection ends before any byte of an answer. `send_again`: the client
  // sends the request once more on a fresh connection, unless the peer may have read all of it and
  // it is not repeatable. `report`: the caller decides. A request of which no byte left the
  // process is sent on a fresh connection either way.
  enum class AfterStaleEnd { send_again, report };
  AfterStaleEnd after_stale_end = AfterStaleEnd::send_again;
};

struct OutboundResponse {
  int status = 0;
  Headers headers;
  std::string body;             // the first `answer_bytes_max` bytes
  bool body_truncated = false;  // more came; the connection was closed
};

struct ClientOptions {
  std::size_t answer_bytes_max = 64 * 1024;
  std::size_t idle_per_destination = 128;
  std::size_t idle_total = 4'096;
  // Open at a time, idle ones too; beyond, calls that need another one fail by `own_trouble`.
  std::size_t connections_max = 16'192;
  // How long a connection is kept idle: a second less than `Keep-Alive: timeout=` of the last
  // answer (not at all below two), but at most `idle_time`; else `idle_time_unsaid`.
  std::chrono::milliseconds idle_time{30'000};
  std::chrono::milliseconds idle_time_unsaid{4'000};
  // A peer that ends a kept connection later than this after a request may have worked on it.
  std::chrono::milliseconds stale_end_max{250};
  std::chrono::milliseconds resolve_time{5'000};
  std::size_t lookups_per_key = 16;  // concurrent name look-ups of one pool key
  // Certificates are always verified; extra trusted PEM file (tests, private CAs). Empty: system.
  std::string extra_ca_file = {};
};

// What an answer without a known end is told to, piece by piece, on the client's executor.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  // False ends the call.
  virtual bool on_status(int status) = 0;
  virtual bool on_body(std::string_view bytes) = 0;
};

// An asynchronous HTTP/1.1 client with a keep-alive pool keyed by pool key, checked address and
// name. Every address of a name is checked before one of them is dialled, and the peer is compared
// after the connect. No redirects, proxies, cookies or decompression. All calls on one executor
// (single-threaded); cancelled through Asio's per-operation cancellation (terminal).
class Client {
 public:
  // Resolves by c-ares. Throws std::runtime_error if `extra_ca_file` cannot be read.
  Client(boost::asio::any_io_executor executor, const EgressPolicy& policy, ClientOptions options);
  // Resolves by what is given (tests, simulation).
  Client(boost::asio::any_io_executor executor, const EgressPolicy& policy, ClientOptions options,
         std::unique_ptr<Resolver> resolver);
  ~Client();

  // By value: the request lives in the coroutine.
  boost::asio::awaitable<std::expected<OutboundResponse, CallError>> send(OutboundRequest request);
  // The same for an answer that goes on (server-sent events), on a connection of its own; the sink
  // outlives the call. `timeout` is for the way to the head; from then on `silence_max` passes at
  // most without a byte. Nothing if the answer or the sink ended it.
  boost::asio::awaitable<std::optional<CallFailure>> stream(OutboundRequest request,
                                                            std::chrono::milliseconds silence_max,
                                                            AnswerSink& sink);
  // Closes idle connections; calls in flight end with `cancelled`.
  void close();
  std::size_t idle_connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::http
