#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "dispatch/context.hpp"
#include "dispatch/push_outcome.hpp"
#include "dispatch/running.hpp"
#include "outbox/finish.hpp"

namespace belfry::dispatch {

// Runs one claimed attempt of a push or an echo to its end and tells the store.
class Runner {
 public:
  Runner(const Context& context, Running& running) : context_(context), running_(running) {}

  // Until the attempt's end is committed, or is nobody's business any more.
  boost::asio::awaitable<void> run(std::shared_ptr<Attempt> attempt);

 private:
  // How the work itself went, before the store is told.
  struct Performed {
    // `unresolved`: the target's name could not be looked up, which does not count yet.
    enum class What { ended, accepted, postponed, unresolved, stopped } what = What::stopped;
    outbox::AttemptEnd end;
    std::optional<Timestamp> until;              // postponed, unresolved: not before this
    std::optional<http::Destination> parked_at;  // postponed: until this has room
    Millis accepted_for{0};
  };
  boost::asio::awaitable<Performed> perform_unless_stopped(std::shared_ptr<Attempt> attempt);
  boost::asio::awaitable<Performed> perform(std::shared_ptr<Attempt> attempt);
  boost::asio::awaitable<Performed> push(std::shared_ptr<Attempt> attempt,
                                         domain::HttpTarget target, domain::QueueSettings queue);
  boost::asio::awaitable<Performed> echo(std::shared_ptr<Attempt> attempt,
                                         domain::EchoTarget target, bool by_default);
  // What a push is made of, beside its task.
  struct Push {
    domain::HttpTarget target;
    http::Url url;
    Millis timeout{0};
  };
  http::OutboundRequest request_of(Attempt& attempt, const Push& push) const;
  // Sends it; once more under the next attempt number if the first connection was stale.
  boost::asio::awaitable<CallAnswer> call(std::shared_ptr<Attempt> attempt, Push push);
  boost::asio::awaitable<bool> send_again(std::shared_ptr<Attempt> attempt);
  Performed judge(const Attempt& attempt, const http::Destination& to, const CallAnswer& answer);
  Performed turned_away(const Attempt& attempt, const http::Destination& to);
  // The attempt starts now. False if its lease is not ours any more.
  boost::asio::awaitable<bool> begin(std::shared_ptr<Attempt> attempt);
  boost::asio::awaitable<Performed> hand_back();
  boost::asio::awaitable<void> conclude(const Attempt& attempt, Performed performed);
  boost::asio::awaitable<bool> tell_started(const Attempt& attempt);
  // Until the store says yes or no, or the drain's time is up.
  template <class C>
  boost::asio::awaitable<Result<typename C::Reply>> ask(C command);
  boost::asio::awaitable<void> settle(store::Finish finish);
  // False if a header's sealed value cannot be opened.
  bool open_headers(TenantId tenant, domain::HttpTarget& target) const;
  void count(const store::Finish& finish) const;

  const Context& context_;
  Running& running_;
};

}  // namespace belfry::dispatch
