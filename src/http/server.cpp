#include "http/server.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <system_error>
#include <unordered_set>

#include "async/task_group.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "http/address_counts.hpp"
#include "http/connection.hpp"

namespace belfry::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::chrono::milliseconds kSweepMin{5};
constexpr std::chrono::milliseconds kSweepMax{1'000};
constexpr std::chrono::milliseconds kDrainSweep{20};
constexpr std::chrono::milliseconds kAcceptPause{50};
constexpr int kAcceptedAtOnce = 64;
// Connections beyond the limit that are told so; still more are closed without a word.
constexpr std::size_t kTurnedAwayMax = 256;
constexpr std::size_t kTurnedAwayPerAddress = 16;

std::size_t turned_away_max(std::size_t connections) {
  return std::clamp(connections / 8, std::size_t{4}, kTurnedAwayMax);
}

// One coarse sweep instead of a timer for every read: a deadline is kept to within a quarter.
std::chrono::milliseconds sweep_interval(const ServerOptions& options) {
  const auto shortest = std::min({options.header_time, options.body_time, options.idle_time,
                                  options.write_time, options.stall_time});
  return std::clamp(shortest / 4, kSweepMin, kSweepMax);
}

void log_failure(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    log().error("http server loop failed error=\"{}\"", error.what());
  }
}

[[noreturn]] void cannot_listen(const ServerOptions& options, const ErrorCodeOf& error) {
  throw std::system_error(std::error_code(error.value(), std::system_category()),
                          fmt::format("cannot listen on {}:{}", options.address, options.port));
}

tcp::acceptor listen(const asio::any_io_executor& executor, const ServerOptions& options) {
  ErrorCodeOf error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    cannot_listen(options, error);
  }
  tcp::acceptor acceptor(executor);
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (!error) {
    acceptor.non_blocking(true, error);
  }
  if (error) {
    cannot_listen(options, error);
  }
  return acceptor;
}

// What belongs to one executor; touched there only.
struct Shard {
  Shard(asio::any_io_executor on, const Clock& clock, const ServerOptions& options,
        const ServerHooks& hooks, ServerTotals& totals)
      : executor(std::move(on)),
        date(clock),
        stream_turns(executor),
        request_turns(executor, hooks.hold_back),
        context{options, hooks, totals, date, idle, stream_turns, request_turns},
        timer(executor),
        interval(sweep_interval(options)) {}

  asio::any_io_executor executor;
  DateText date;
  IdleList idle;
  StreamTurns stream_turns;
  RequestTurns request_turns;
  ConnectionContext context;
  std::unordered_set<Connection*> connections;
  asio::steady_timer timer;
  std::chrono::milliseconds interval;
  bool draining = false;
  bool ended = false;
  SteadyTime give_up_at = SteadyTime::max();

  void begin_drain(SteadyTime give_up) {
    draining = true;
    give_up_at = give_up;
    interval = std::min(interval, kDrainSweep);
    timer.cancel();
    for (Connection* connection : connections) {
      connection->drain();
    }
  }

  void sweep(SteadyTime now) {
    for (Connection* connection : connections) {
      connection->sweep(now);
    }
    if (now >= give_up_at) {
      give_up_at = SteadyTime::max();
      for (Connection* connection : connections) {
        connection->abort();
      }
    }
  }

  asio::awaitable<void> sweep_until_ended() {
    while (!ended) {
      ErrorCodeOf ignored;
      timer.expires_after(interval);
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      sweep(std::chrono::steady_clock::now());
    }
  }

  void end() {
    ended = true;
    timer.cancel();
  }
};

}  // namespace

struct Server::State {
  State(std::vector<asio::any_io_executor> executors, ServerOptions given, ServerHooks with)
      : options(std::move(given)),
        hooks(std::move(with)),
        totals(options),
        addresses(options.connections_per_address_max, kTurnedAwayPerAddress),
        acceptor(listen(executors.front(), options)),
        port(acceptor.local_endpoint().port()),
        pause(executors.front()),
        accepting(executors.front(), log_failure),
        serving(executors.front(), log_failure),
        sweeping(executors.front(), log_failure) {
    if (!options.tls_cert_file.empty()) {
      tls = make_tls_context(options.tls_cert_file, options.tls_key_file);
    }
    for (auto& executor : executors) {
      shards.push_back(std::make_unique<Shard>(std::move(executor), clock, options, hooks, totals));
    }
  }

  ServerOptions options;
  ServerHooks hooks;
  AnchoredClock clock;
  std::shared_ptr<asio::ssl::context> tls;
  ServerTotals totals;
  AddressCounts addresses;
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> stopping{false};
  std::vector<std::unique_ptr<Shard>> shards;
  std::size_t next = 0;  // of the shards, for the next connection
  tcp::acceptor acceptor;
  std::uint16_t port;
  asio::steady_timer pause;
  // Destroyed first, and empty by then: members use all of the above.
  async::TaskGroup accepting;
  async::TaskGroup serving;
  async::TaskGroup sweeping;

  Shard& next_shard() { return *shards[next++ % shards.size()]; }

  asio::awaitable<void> accept_until_stopped() {
    while (!stopping) {
      ErrorCodeOf error;
      auto& shard = next_shard();
      tcp::socket socket = co_await acceptor.async_accept(
          shard.executor, asio::redirect_error(asio::use_awaitable, error));
      if (!error) {
        take(std::move(socket), shard);
        take_those_that_wait();
      } else if (!stopping && error != asio::error::connection_aborted) {
        // Out of descriptors, most likely: closing connections will free some.
        log().warn("cannot accept error=\"{}\"", error.message());
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      }
    }
  }

  // Under load the executor comes back to the acceptor seldom: whoever connects is not to wait for
  // as many rounds as there are others who do.
  void take_those_that_wait() {
    for (int i = 0; i < kAcceptedAtOnce && !stopping; ++i) {
      ErrorCodeOf error;
      auto& shard = next_shard();
      tcp::socket socket = acceptor.accept(shard.executor, error);
      if (error) return;  // the next wait tells what it is
      take(std::move(socket), shard);
    }
  }

  void take(tcp::socket socket, Shard& shard) {
    const std::size_t count = connections.fetch_add(1) + 1;
    if (stopping || count > options.connections_max + turned_away_max(options.connections_max)) {
      connections.fetch_sub(1);
      return;
    }
    ErrorCodeOf error;
    const auto peer = socket.remote_endpoint(error).address();
    AddressCounts::Entry entry(addresses, address_unit(peer),
                               !options.trusted_proxies.contains(peer));
    if (error || entry.verdict() == AddressCounts::Verdict::close) {
      connections.fetch_sub(1);
      return;
    }
    serving.spawn(shard.executor, serve(std::move(socket), shard, std::move(entry)));
  }

  // Ends the connection that has been idle longest. False if none is idle.
  asio::awaitable<bool> make_way() {
    Shard* chosen = nullptr;
    auto longest = SteadyTime::max();
    for (const auto& shard : shards) {
      const auto since =
          co_await asio::co_spawn(shard->executor, idle_longest_since(*shard), asio::use_awaitable);
      if (since < longest) {
        longest = since;
        chosen = shard.get();
      }
    }
    if (chosen == nullptr) co_return false;
    co_return co_await asio::co_spawn(chosen->executor, end_idle_longest(*chosen),
                                      asio::use_awaitable);
  }

  static asio::awaitable<SteadyTime> idle_longest_since(const Shard& shard) {
    co_return shard.idle.empty() ? SteadyTime::max() : shard.idle.front().idle_since();
  }

  static asio::awaitable<bool> end_idle_longest(Shard& shard) {
    if (shard.idle.empty()) co_return false;
    shard.idle.front().make_way();
    co_return true;
  }

  // Why a connection is not served, or nothing.
  asio::awaitable<std::optional<Error>> refusal(AddressCounts::Verdict verdict) {
    if (verdict == AddressCounts::Verdict::turn_away) {
      co_return Error{
          ErrorCode::rate_limited,
          fmt::format("this address has {} connections, as many as one address may have "
                      "(--connections-per-address); close some, then try again",
                      options.connections_per_address_max)};
    }
    if (connections <= options.connections_max || co_await make_way()) co_return std::nullopt;
    co_return Error{ErrorCode::overloaded, "the server has too many connections; try again later"};
  }

  asio::awaitable<void> serve(tcp::socket socket, Shard& shard, AddressCounts::Entry entry) {
    Connection connection(std::move(socket), tls.get(), shard.context);
    shard.connections.insert(&connection);
    if (shard.draining) {
      connection.drain();
    }
    if (auto why = co_await refusal(entry.verdict())) {
      co_await connection.turn_away(std::move(*why));
    } else {
      co_await connection.run();
    }
    shard.connections.erase(&connection);
    connections.fetch_sub(1);
  }
};

Server::Server(std::vector<asio::any_io_executor> executors, ServerOptions options,
               ServerHooks hooks) {
  CHECK(!executors.empty() && hooks.handle && hooks.body_limit && hooks.refuse);
  state_ = std::make_shared<State>(std::move(executors), std::move(options), std::move(hooks));
}

Server::~Server() = default;

std::uint16_t Server::port() const {
  return state_->port;
}

void Server::start() {
  for (const auto& shard : state_->shards) {
    state_->sweeping.spawn(shard->executor, shard->sweep_until_ended());
  }
  state_->accepting.spawn(state_->accept_until_stopped());
}

asio::awaitable<void> Server::stop(std::chrono::milliseconds limit) {
  const auto state = state_;
  const auto give_up = std::chrono::steady_clock::now() + limit;
  state->stopping = true;
  asio::post(state->acceptor.get_executor(), [state] {
    ErrorCodeOf ignored;
    state->acceptor.close(ignored);
    state->pause.cancel();
  });
  co_await state->accepting.join();
  for (const auto& shard : state->shards) {
    asio::post(shard->executor, [state, &shard = *shard, give_up] { shard.begin_drain(give_up); });
  }
  co_await state->serving.join();
  for (const auto& shard : state->shards) {
    asio::post(shard->executor, [state, &shard = *shard] { shard.end(); });
  }
  co_await state->sweeping.join();
}

void Server::go_on() {
  for (const auto& shard : state_->shards) shard->request_turns.go_on();
}

std::size_t Server::connections() const {
  return state_->connections.load();
}

std::uint64_t Server::requests_total() const {
  return state_->totals.requests.load();
}

}  // namespace belfry::http
