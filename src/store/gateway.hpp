#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "base/metrics.hpp"
#include "store/backend.hpp"
#include "store/failure.hpp"

namespace belfry::store {

struct GatewayOptions {
  std::size_t batch_max = 1'000;            // commands a transaction
  std::chrono::milliseconds batch_time{5};  // what the jobs of a transaction may take (BatchSize)
  std::size_t waiting_max = 20'000;         // beyond: creations get `overloaded`
  std::size_t readers = 2;
  std::size_t reads_waiting_max = 2'000;
};

// The one crossing between coroutines and the blocking store. Gathers what everyone asks for while
// the last commit runs into one transaction (group commit); adds no wait when idle. Nobody is
// answered before the commit that holds the write. Thread-safe.
//
// Unavailable and Full become `storage_unavailable` with Retry-After. Broken is remembered: nothing
// is answered with success any more, and `on_broken` is called once, on the store's thread.
class Gateway {
 public:
  // Called after each commit, on the store's thread, before anyone is answered; must be quick.
  using Listener = std::function<void(const Committed&)>;

  Gateway(Backend& backend, GatewayOptions options, MetricsRegistry& metrics,
          std::function<void(std::string reason)> on_broken);
  ~Gateway();  // stops

  void add_listener(Listener listener);  // before the first command only
  // Called, on any thread, once one of `behind_with_…` has been true and is no longer. Set before
  // the first command.
  void when_caught_up(std::function<void()> call);

  // Resumes on the caller's executor.
  template <class C>
  boost::asio::awaitable<Result<typename C::Reply>> ask(C command) {
    auto reply = co_await run(Command{std::move(command)});
    if (!reply) co_return fail(std::move(reply.error()));
    co_return std::get<typename C::Reply>(std::move(*reply));
  }
  boost::asio::awaitable<Result<>> transact(TransactFn fn, Purpose purpose = Purpose::change);

  // Many commands at once with one suspension; replies in order.
  boost::asio::awaitable<std::vector<Result<Reply>>> ask_all(std::vector<Command> commands);

  // `fn` runs on a reader's thread; R needs a default constructor. Throws nothing: a failing store
  // is `storage_unavailable`.
  template <class R>
  boost::asio::awaitable<Result<R>> read(std::function<R(Snapshot&)> fn) {
    auto result = std::make_shared<R>();
    auto done = co_await run_read([result, fn = std::move(fn)](Snapshot& s) { *result = fn(s); });
    if (!done) co_return fail(std::move(done.error()));
    co_return std::move(*result);
  }

  // Blocking versions for start and tests, never called on an I/O thread.
  Result<> transact_blocking(TransactFn fn, Purpose purpose = Purpose::change);
  void read_blocking(const std::function<void(Snapshot&)>& fn);

  // Refuses new commands, commits what waits, joins the threads.
  void stop();
  DamageReports& damage() const;
  // What was found outside the store's own calls and ends all trust in it: as a Broken commit.
  void report_broken(std::string reason);
  bool broken() const;
  bool full() const;
  std::size_t waiting() const;
  // Whether those who come with creations, or with reads, had better wait outside (Pressure).
  bool behind_with_creations();
  bool behind_with_reads();

 private:
  boost::asio::awaitable<Result<Reply>> run(Command command);
  boost::asio::awaitable<Result<>> run_read(std::function<void(Snapshot&)> fn);

  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::store
