#pragma once

#include <array>
#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/byte_budget.hpp"
#include "http/header_check.hpp"
#include "http/response_text.hpp"
#include "http/server.hpp"
#include "http/transport.hpp"

namespace belfry::http {

// What all connections of a server share.
struct ServerTotals {
  explicit ServerTotals(const ServerOptions& options)
      : bodies(options.body_bytes_max), stranger_bodies(options.stranger_body_bytes_max) {}
  std::atomic<std::uint64_t> requests{0};
  ByteBudget bodies;
  ByteBudget stranger_bodies;
};

// What the body of one request holds until it is answered, and of whose share.
struct BodyRoom {
  explicit BodyRoom(ServerTotals& totals)
      : of_known(totals.bodies), of_strangers(totals.stranger_bodies) {}
  // False if there are not as many bytes left.
  bool raise_to(std::size_t bytes);
  void release();

  ByteBudget::Share of_known;
  ByteBudget::Share of_strangers;
  bool judged = false;
  bool known = false;
};

// What all connections of one executor share.
struct ConnectionContext {
  const ServerOptions& options;
  const ServerHooks& hooks;
  ServerTotals& totals;
  DateText& date;
};

// One accepted connection from its first byte to its last. Lives on one executor; `sweep`, `drain`
// and `abort` are called there too.
class Connection : private Peer {
 public:
  Connection(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls,
             ConnectionContext& context);

  // Serves requests in order until either side ends. Never throws.
  boost::asio::awaitable<void> run();
  // Says why nothing is served here, then ends.
  boost::asio::awaitable<void> turn_away(Error why);

  // Ends the wait that is past its deadline, if any.
  void sweep(std::chrono::steady_clock::time_point now);
  // Ends after the request in progress; at once when there is none. Streams are told to end.
  void drain();
  // Ends now, wherever it is.
  void abort();

 private:
  class ChunkWriter;
  using Buffers = std::array<boost::asio::const_buffer, 2>;

  boost::asio::awaitable<void> serve();
  // False: the connection ends.
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<std::size_t> read_head();
  // False, of these and the next: it was refused or did not come, and the connection ends.
  boost::asio::awaitable<bool> read_body(const HeadFacts& facts, Request& request, BodyRoom& room);
  boost::asio::awaitable<bool> judge_head(const Request& head, BodyRoom& room);
  boost::asio::awaitable<bool> accept_body(const HeadFacts& facts, const Request& head,
                                           BodyRoom& room);
  boost::asio::awaitable<bool> make_room(std::size_t bytes, Request& request, BodyRoom& room);
  boost::asio::awaitable<bool> read_length(std::uint64_t length, Request& request, BodyRoom& room);
  boost::asio::awaitable<bool> read_chunks(Request& request, BodyRoom& room);
  boost::asio::awaitable<Response> handle(Request& request);
  boost::asio::awaitable<bool> respond(const Response& response, bool head_only);
  boost::asio::awaitable<bool> send_stream(const Response& response, bool head_only);
  boost::asio::awaitable<void> run_stream(const Response& response);
  boost::asio::awaitable<void> watch_peer();
  boost::asio::awaitable<void> refuse(Error why);
  boost::asio::awaitable<void> end_with(Response response);
  bool has_gone() override;
  async::StopSignal gone() override;
  void name_client(Request& request) const;
  void look_at_peer();
  void end_watch();
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<bool> fill();
  boost::asio::awaitable<bool> write(Buffers bytes);
  std::string_view received() const;
  void consume(std::size_t count);
  void allow(std::chrono::milliseconds time);
  void allow_forever();

  Transport transport_;
  ConnectionContext& context_;
  boost::asio::cancellation_signal stream_end_;
  boost::asio::cancellation_signal abort_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  struct Watch;
  std::shared_ptr<Watch> watch_;  // of the peer, while a handler asked for it
  boost::asio::ip::address peer_;
  std::string peer_address_;
  std::string peer_unit_;
  bool peer_is_proxy_;  // whose X-Forwarded-For is believed
  std::string in_;      // what was read stands from begin_ to end_
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;
  bool idle_ = true;  // between requests: a drain may end it at once
  bool draining_ = false;
  bool timed_out_ = false;  // a wait was ended by `sweep`
  bool http_1_0_ = false;   // of the request in progress
  bool keep_alive_ = true;
  bool peer_gone_ = false;
  bool streaming_ = false;
};

}  // namespace belfry::http
