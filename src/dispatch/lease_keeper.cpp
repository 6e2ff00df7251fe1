#include "dispatch/lease_keeper.hpp"

#include "async/wake_up.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;

bool is_over(const Error& error) {
  return error.code == ErrorCode::stale_lease || error.code == ErrorCode::not_found;
}

}  // namespace

asio::awaitable<void> LeaseKeeper::run() {
  // Also while draining: attempts that are let finish keep their leases.
  while (co_await async::sleep_for(context_.options.renewal, context_.abandon)) {
    co_await run_once();
  }
}

asio::awaitable<void> LeaseKeeper::run_once() {
  const auto soon = context_.clock.now() + context_.options.lease - context_.options.renewal;
  std::vector<std::shared_ptr<Attempt>> attempts;
  std::vector<store::LeaseToken> tokens;
  std::vector<store::Command> commands;
  for (const auto& attempt : running_.all()) {
    if (attempt->fate != Fate::runs || attempt->task.lease_until > soon) continue;
    store::Renew renew;
    renew.tenant = attempt->task.tenant;
    renew.id = attempt->task.id;
    renew.token = attempt->task.token;
    renew.extend = context_.options.lease;
    commands.emplace_back(std::move(renew));
    attempts.push_back(attempt);
    tokens.push_back(attempt->task.token);
  }
  if (commands.empty()) co_return;
  const auto replies = co_await context_.gateway.ask_all(std::move(commands));
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const auto& reply = replies[i];
    // It goes on under another lease by now.
    if (attempts[i]->task.token != tokens[i]) continue;
    if (!reply) {
      if (is_over(reply.error())) attempts[i]->stop(Fate::lease_lost);
      continue;
    }
    const auto& renewed = std::get<store::Renew::Reply>(*reply);
    attempts[i]->task.lease_until = renewed.lease_until;
    if (renewed.cancel_requested) attempts[i]->stop(Fate::cancelled);
  }
}

}  // namespace belfry::dispatch
