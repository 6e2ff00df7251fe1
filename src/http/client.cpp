#include "http/client.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <stdexcept>

#include "http/answer_reader.hpp"
#include "http/connection_pool.hpp"
#include "http/name_lookup.hpp"
#include "http/request_head.hpp"

namespace belfry::http {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using Addresses = std::vector<asio::ip::address>;
using Outcome = std::expected<OutboundResponse, CallError>;
using TimePoint = OutboundConnection::TimePoint;
using Dialled = std::expected<std::shared_ptr<OutboundConnection>, CallError>;
using Written = OutboundConnection::Written;

namespace {

// A small body travels behind the head in one buffer, a large one is not copied.
constexpr std::size_t kJoinedBodyBytesMax = 16 * 1024;
// A connection keeps nothing; this bounds what one answer may leave unread (a chunk's extensions).
constexpr std::size_t kUnreadBytesMax = 64 * 1024;

constexpr CallError kNoRoom{.failure = CallFailure::connect_failed, .own_trouble = true};

std::unexpected<CallError> failed_with(CallFailure failure) {
  return std::unexpected(CallError{failure});
}

ssl::context make_tls(const std::string& extra_ca_file) {
  ssl::context context(ssl::context::tls_client);
  if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1) {
    throw std::runtime_error("OpenSSL does not offer TLS 1.2");
  }
  context.set_verify_mode(ssl::verify_peer);
  context.set_default_verify_paths();
  if (!extra_ca_file.empty()) {
    boost::system::error_code failed;
    context.load_verify_file(extra_ca_file, failed);
    if (failed) {
      throw std::runtime_error("cannot read certificates from " + extra_ca_file + ": " +
                               failed.message());
    }
  }
  return context;
}

// What two calls must share to share a connection. Lengths and fixed fields keep two different
// destinations from ever giving the same text.
std::string pool_prefix(const OutboundRequest& request) {
  const Url& url = request.url;
  std::string key;
  key.reserve(request.pool_key.size() + url.host.size() + 48);
  key += std::to_string(request.pool_key.size());
  key += ':';
  key += request.pool_key;
  key += url.tls ? 's' : 'p';
  key += std::to_string(url.port);
  key += '/';
  key += url.host;
  key += '/';
  return key;
}

std::string pool_key(const std::string& prefix, const asio::ip::address& address) {
  std::string key = prefix;
  const auto append = [&](const auto& bytes) { key.append(bytes.begin(), bytes.end()); };
  if (address.is_v4()) {
    append(address.to_v4().to_bytes());
  } else {
    append(address.to_v6().to_bytes());
  }
  return key;
}

// One attempt on one connection.
struct Exchange {
  Outcome outcome = failed_with(CallFailure::connection_broken);
  bool unanswered = false;     // the connection failed before any byte of an answer came
  bool ended_by_peer = false;  // that failure was the peer's end of the connection
  bool all_sent = false;       // the peer may have read the whole request, and acted on it
  std::optional<std::chrono::milliseconds> keep_for = {};  // idle; nothing: it must be closed
};

// The peer has closed or reset the connection; anything else is trouble of another kind.
bool is_peers_end(const boost::system::error_code& failed) {
  return failed == asio::error::eof || failed == asio::error::connection_reset ||
         failed == asio::error::broken_pipe || failed == ssl::error::stream_truncated;
}

// Errors of this machine or process, which say nothing of the peer.
bool is_own_trouble(const boost::system::error_code& failed, const asio::ip::address& to) {
  namespace errc = boost::system::errc;
  // Every local port to this peer is in use. An IPv6 peer without an IPv6 route gives it too.
  if (failed == errc::address_not_available) return to.is_v4();
  return failed == errc::too_many_files_open || failed == errc::too_many_files_open_in_system ||
         failed == errc::no_buffer_space || failed == errc::not_enough_memory;
}

bool may_repeat(const OutboundRequest& request) {
  return request.repeatable || (request.method != Method::post && request.method != Method::patch);
}

}  // namespace

std::string_view name(CallFailure failure) {
  switch (failure) {
    case CallFailure::destination_forbidden:
      return "destination_forbidden";
    case CallFailure::name_not_resolved:
      return "name_not_resolved";
    case CallFailure::connect_failed:
      return "connect_failed";
    case CallFailure::tls_failed:
      return "tls_failed";
    case CallFailure::timed_out:
      return "timed_out";
    case CallFailure::connection_broken:
      return "connection_broken";
    case CallFailure::malformed_answer:
      return "malformed_answer";
    case CallFailure::cancelled:
      return "cancelled";
  }
  return "unknown";
}

struct Client::State {
  State(const asio::any_io_executor& executor, const EgressPolicy& egress, ClientOptions with,
        std::unique_ptr<Resolver> resolver)
      : policy(egress),
        options(std::move(with)),
        tls(make_tls(options.extra_ca_file)),
        names(executor, std::move(resolver), {options.resolve_time, options.lookups_per_key}),
        pool(executor,
             {options.idle_per_destination, options.idle_total, options.connections_max}) {}

  asio::awaitable<Outcome> call(const OutboundRequest& request);
  asio::awaitable<std::expected<Addresses, CallError>> find(const OutboundRequest& request,
                                                            TimePoint deadline);
  std::shared_ptr<OutboundConnection> take_idle(const OutboundRequest& request,
                                                const std::string& prefix,
                                                const Addresses& addresses);
  asio::awaitable<Dialled> dial(const OutboundRequest& request, const std::string& prefix,
                                const Addresses& addresses, TimePoint deadline);
  asio::awaitable<Exchange> exchange(std::shared_ptr<OutboundConnection> connection,
                                     const OutboundRequest& request);
  asio::awaitable<Exchange> read_answer(OutboundConnection& connection, Method method);
  asio::awaitable<std::optional<CallFailure>> stream(const OutboundRequest& request,
                                                     std::chrono::milliseconds silence_max,
                                                     AnswerSink& sink);
  asio::awaitable<std::optional<CallFailure>> stream_body(OutboundConnection& connection,
                                                          Method method,
                                                          std::chrono::milliseconds silence_max,
                                                          AnswerSink& sink);
  asio::awaitable<bool> ended();

  EgressPolicy policy;
  ClientOptions options;
  ssl::context tls;
  NameLookup names;
  ConnectionPool pool;
  bool closed = false;
};

// True if the caller has cancelled or the client is closed: no step may begin any more.
asio::awaitable<bool> Client::State::ended() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return closed || state.cancelled() != asio::cancellation_type::none;
}

// The addresses of the destination, every one of them allowed.
asio::awaitable<std::expected<Addresses, CallError>> Client::State::find(
    const OutboundRequest& request, TimePoint deadline) {
  Addresses addresses;
  if (request.url.literal_address) {
    boost::system::error_code failed;
    addresses.push_back(asio::ip::make_address(request.url.host, failed));
    if (failed) co_return failed_with(CallFailure::destination_forbidden);
  } else {
    addresses = names.cached(request.url.host);
    if (addresses.empty()) {
      const auto found = co_await names.resolve(request.pool_key, request.url.host, deadline);
      if (co_await ended()) co_return failed_with(CallFailure::cancelled);
      if (found.addresses.empty()) {
        const bool late = std::chrono::steady_clock::now() >= deadline;
        co_return std::unexpected(
            CallError{.failure = late ? CallFailure::timed_out : CallFailure::name_not_resolved,
                      .own_trouble = found.own_trouble});
      }
      addresses = found.addresses;
    }
  }
  for (const auto& address : addresses) {
    if (!policy.allows(address, request.url.port)) {
      co_return failed_with(CallFailure::destination_forbidden);
    }
  }
  co_return addresses;
}

std::shared_ptr<OutboundConnection> Client::State::take_idle(const OutboundRequest& request,
                                                             const std::string& prefix,
                                                             const Addresses& addresses) {
  if (request.connection == OutboundRequest::Connection::fresh) return nullptr;
  for (const auto& address : addresses) {
    if (auto kept = pool.take(pool_key(prefix, address))) return kept;
  }
  return nullptr;
}

// Tries the addresses in turn; each gets an even share of the time that is left.
asio::awaitable<Dialled> Client::State::dial(const OutboundRequest& request,
                                             const std::string& prefix, const Addresses& addresses,
                                             TimePoint deadline) {
  CallError error{CallFailure::connect_failed};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (co_await ended()) co_return failed_with(CallFailure::cancelled);
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) co_return failed_with(CallFailure::timed_out);
    const auto connection = pool.make(pool_key(prefix, addresses[i]));
    if (!connection) co_return std::unexpected(kNoRoom);
    connection->set_deadline(now + (deadline - now) / static_cast<int>(addresses.size() - i));
    OutboundConnection::Endpoint endpoint(addresses[i], request.url.port);
    auto failed = co_await connection->connect(endpoint);
    error.failure = CallFailure::connect_failed;
    if (!failed && request.url.tls) {
      failed = co_await connection->start_tls(tls, request.url.host);
      error.failure = CallFailure::tls_failed;
    }
    if (co_await ended()) co_return failed_with(CallFailure::cancelled);
    error.own_trouble = is_own_trouble(failed, addresses[i]);
    if (connection->expired()) {
      error.failure = CallFailure::timed_out;
    } else if (!failed) {
      co_return connection;
    }
    connection->close();
  }
  co_return std::unexpected(error);
}

asio::awaitable<Exchange> Client::State::read_answer(OutboundConnection& connection,
                                                     Method method) {
  AnswerReader reader(method, options.answer_bytes_max);
  std::string input;
  bool any = false;
  const auto broken = [&](CallFailure failure) {
    return Exchange{.outcome = std::unexpected(CallError{.failure = failure, .answered = any})};
  };
  while (true) {
    const auto failed = co_await connection.read_some(input);
    auto progress = AnswerReader::Progress::need_more;
    if (co_await ended()) co_return broken(CallFailure::cancelled);
    if (connection.expired()) co_return broken(CallFailure::timed_out);
    if (failed == asio::error::eof && any) progress = reader.end_of_input();
    if (failed && progress != AnswerReader::Progress::done) {
      auto exchanged = broken(CallFailure::connection_broken);
      exchanged.unanswered = !any;
      exchanged.ended_by_peer = is_peers_end(failed);
      co_return exchanged;
    }
    any = true;
    if (!failed) {
      progress = reader.feed(input);
    }
    if (progress == AnswerReader::Progress::done) {
      Exchange exchanged;
      if (!failed && input.empty()) {
        exchanged.keep_for = reader.keep_for({options.idle_time_unsaid, options.idle_time});
      }
      exchanged.outcome = reader.take();
      co_return exchanged;
    }
    if (progress == AnswerReader::Progress::malformed || input.size() > kUnreadBytesMax) {
      co_return broken(CallFailure::malformed_answer);
    }
  }
}

asio::awaitable<Exchange> Client::State::exchange(std::shared_ptr<OutboundConnection> connection,
                                                  const OutboundRequest& request) {
  std::string head = request_head(request);
  std::string_view body = request.body;
  if (body.size() <= kJoinedBodyBytesMax) {
    head += body;
    body = {};
  }
  // Even if not all of it could be sent, the peer may have said why (413, 401) before it closed.
  const Written written = co_await connection->write(head, body);
  const auto last_byte_at = std::chrono::steady_clock::now();
  Exchange exchanged;
  if (co_await ended()) {
    exchanged.outcome = failed_with(CallFailure::cancelled);
  } else if (connection->expired()) {
    exchanged.outcome = failed_with(CallFailure::timed_out);
  } else {
    exchanged = co_await read_answer(*connection, request.method);
  }
  exchanged.all_sent = !written.failed;
  if (!exchanged.outcome) {
    auto& error = exchanged.outcome.error();
    error.sent = written.any;
    error.stale = exchanged.unanswered && exchanged.ended_by_peer && connection->used_before() &&
                  std::chrono::steady_clock::now() - last_byte_at <= options.stale_end_max;
  }
  if (exchanged.keep_for && !written.failed) {
    pool.give_back(std::move(connection), *exchanged.keep_for);
  } else {
    connection->close();
  }
  co_return exchanged;
}

asio::awaitable<Outcome> Client::State::call(const OutboundRequest& request) {
  using AfterStaleEnd = OutboundRequest::AfterStaleEnd;
  const auto deadline = std::chrono::steady_clock::now() + request.timeout;
  if (co_await ended()) co_return failed_with(CallFailure::cancelled);
  const auto addresses = co_await find(request, deadline);
  if (!addresses) co_return std::unexpected(addresses.error());

  const std::string prefix = pool_prefix(request);
  bool sent_before = false;
  if (const auto kept = take_idle(request, prefix, *addresses)) {
    kept->set_deadline(deadline);
    auto exchanged = co_await exchange(kept, request);
    if (exchanged.outcome) co_return std::move(exchanged.outcome);
    sent_before = exchanged.outcome.error().sent;
    const bool sends_again = request.after_stale_end == AfterStaleEnd::send_again &&
                             (!exchanged.all_sent || may_repeat(request));
    const bool again = exchanged.unanswered && (!sent_before || sends_again);
    if (!again) co_return std::move(exchanged.outcome);
  }
  const auto fresh = co_await dial(request, prefix, *addresses, deadline);
  Outcome outcome = failed_with(CallFailure::cancelled);
  if (fresh) {
    (*fresh)->set_deadline(deadline);
    auto exchanged = co_await exchange(*fresh, request);
    outcome = std::move(exchanged.outcome);
  } else {
    outcome = std::unexpected(fresh.error());
  }
  if (!outcome && sent_before) outcome.error().sent = true;
  co_return outcome;
}

asio::awaitable<std::optional<CallFailure>> Client::State::stream(
    const OutboundRequest& request, std::chrono::milliseconds silence_max, AnswerSink& sink) {
  const auto deadline = std::chrono::steady_clock::now() + request.timeout;
  if (co_await ended()) co_return CallFailure::cancelled;
  const auto addresses = co_await find(request, deadline);
  if (!addresses) co_return addresses.error().failure;
  const auto connection = co_await dial(request, pool_prefix(request), *addresses, deadline);
  if (!connection) co_return connection.error().failure;
  (*connection)->set_deadline(deadline);
  const std::string head = request_head(request);
  const Written written = co_await (*connection)->write(head, request.body);
  auto failed = written.failed
                    ? std::optional(CallFailure::connection_broken)
                    : co_await stream_body(**connection, request.method, silence_max, sink);
  (*connection)->close();
  co_return failed;
}

asio::awaitable<std::optional<CallFailure>> Client::State::stream_body(
    OutboundConnection& connection, Method method, std::chrono::milliseconds silence_max,
    AnswerSink& sink) {
  AnswerReader reader(method, options.answer_bytes_max);
  std::string input;
  bool told = false;
  while (true) {
    const auto failed = co_await connection.read_some(input);
    if (co_await ended()) co_return CallFailure::cancelled;
    if (connection.expired()) co_return CallFailure::timed_out;
    if (failed) {
      const bool whole =
          failed == asio::error::eof && reader.end_of_input() == AnswerReader::Progress::done;
      co_return whole ? std::nullopt : std::optional(CallFailure::connection_broken);
    }
    const auto progress = reader.feed(input);
    if (progress == AnswerReader::Progress::malformed || input.size() > kUnreadBytesMax) {
      co_return CallFailure::malformed_answer;
    }
    if (!told && reader.status() != 0) {
      told = true;
      if (!sink.on_status(reader.status())) co_return std::nullopt;
    }
    if (told) connection.set_deadline(std::chrono::steady_clock::now() + silence_max);
    const auto body = reader.take_body();
    if (!body.empty() && !sink.on_body(body)) co_return std::nullopt;
    if (progress == AnswerReader::Progress::done) co_return std::nullopt;
  }
}

namespace {

// The states live in the coroutine, so that the client itself may go while calls end.
template <class State>
asio::awaitable<Outcome> send_one(std::shared_ptr<State> state, OutboundRequest request) {
  // A cancelled call is an outcome here, not an exception; the caller's own setting comes back.
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  Outcome outcome = co_await state->call(request);
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return outcome;
}

template <class State>
asio::awaitable<std::optional<CallFailure>> stream_one(std::shared_ptr<State> state,
                                                       OutboundRequest request,
                                                       std::chrono::milliseconds silence_max,
                                                       AnswerSink& sink) {
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto failed = co_await state->stream(request, silence_max, sink);
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return failed;
}

}  // namespace

Client::Client(asio::any_io_executor executor, const EgressPolicy& policy, ClientOptions options)
    : Client(executor, policy, options, make_resolver(executor, {.budget = options.resolve_time})) {
}

Client::Client(asio::any_io_executor executor, const EgressPolicy& policy, ClientOptions options,
               std::unique_ptr<Resolver> resolver)
    : state_(std::make_shared<State>(executor, policy, std::move(options), std::move(resolver))) {}

Client::~Client() {
  close();
}

asio::awaitable<Outcome> Client::send(OutboundRequest request) {
  return send_one(state_, std::move(request));
}

asio::awaitable<std::optional<CallFailure>> Client::stream(OutboundRequest request,
                                                           std::chrono::milliseconds silence_max,
                                                           AnswerSink& sink) {
  return stream_one(state_, std::move(request), silence_max, sink);
}

void Client::close() {
  state_->closed = true;
  state_->names.close();
  state_->pool.close();
}

std::size_t Client::idle_connections() const {
  return state_->pool.idle();
}

}  // namespace belfry::http
