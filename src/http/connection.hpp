#pragma once

#include <array>
#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>
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
#include "http/stream_turns.hpp"
#include "http/transport.hpp"

namespace belfry::http {

// What all connections of a server share.
struct ServerTotals {
  explicit ServerTotals(const ServerOptions& options)
      : bodies(options.bodies),
        stranger_bodies(options.stranger_bodies),
        answers(options.answers) {}
  std::atomic<std::uint64_t> requests{0};
  ByteBudget bodies;
  ByteBudget stranger_bodies;
  ByteBudget answers;
};

class Connection;

// What the body of one request holds until it is answered, and of whose share.
struct BodyRoom {
  BodyRoom(ServerTotals& totals, const std::string& address)
      : of_known(totals.bodies, address), of_strangers(totals.stranger_bodies, address) {}
  // False if there are not as many bytes left.
  bool raise_to(std::size_t bytes);
  void release();

  ByteBudget::Share of_known;
  ByteBudget::Share of_strangers;
  bool judged = false;
  bool known = false;
};

// A place in the list of idle connections. Leaves it when the connection goes.
class IdleHook : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {};
using IdleList = boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

// What all connections of one executor share.
struct ConnectionContext {
  const ServerOptions& options;
  const ServerHooks& hooks;
  ServerTotals& totals;
  DateText& date;
  IdleList& idle;  // of this executor, the longest idle first
  StreamTurns& stream_turns;
  RequestTurns& request_turns;
};

// One accepted connection from its first byte to its last. Lives on one executor; `sweep`, `drain`
// and `abort` are called there too.
class Connection : private Peer, public IdleHook {
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
  // Since when it has waited for a request; only of those in the context's list of idle ones.
  std::chrono::steady_clock::time_point idle_since() const { return idle_since_; }
  // Makes way for another: it is idle, and ends at once.
  void make_way();

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
  // Counts the answer that was made; in its place, or as it is, what is to be sent.
  Response within_room(const Request& request, Response response);
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
  void give_back_input();
  // Between requests, or before the first: a drain, or a server that is full, may end it at once.
  bool is_idle() const { return is_linked(); }
  void begin_idle();
  void end_idle();
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
  std::chrono::steady_clock::time_point idle_since_;
  bool draining_ = false;
  bool timed_out_ = false;  // a wait was ended by `sweep`
  bool http_1_0_ = false;   // of the request in progress
  bool keep_alive_ = true;
  bool peer_gone_ = false;
  bool streaming_ = false;
};

}  // namespace belfry::http
