#include "dispatch/pruner.hpp"

#include <algorithm>

#include "async/wake_up.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;

constexpr int kBatch = 500;
constexpr Millis kInterval{60'000};
constexpr Millis kPause{50};
// Revoked keys outlast their tokens, which live a day at most.
constexpr std::chrono::hours kRevokedKeysMin{48};

}  // namespace

asio::awaitable<void> Pruner::run() {
  while (co_await async::sleep_for(kInterval, context_.stop)) {
    while (co_await run_once()) {
      if (!co_await async::sleep_for(kPause, context_.stop)) co_return;
    }
  }
}

asio::awaitable<bool> Pruner::run_once() {
  if (context_.clock.in_doubt()) co_return false;
  const auto now = context_.clock.now();
  const auto finished = now - context_.options.finished_retention;
  const auto keys = now - domain::kIdempotencyLife;
  const auto revoked = now - std::max<Millis>(context_.options.finished_retention, kRevokedKeysMin);
  const auto full = std::make_shared<bool>(false);
  store::TransactFn prune = [=](store::Transaction& tx) -> Result<> {
    // Each has its turn, however much there is of another.
    const bool tasks = tx.task_writes().prune_all_tenants(finished, kBatch) == kBatch;
    const bool deliveries = tx.delivery_writes().prune_all_tenants(finished, kBatch) == kBatch;
    const bool answers = tx.idempotency_writes().prune_all_tenants(keys, kBatch) == kBatch;
    const bool revocations = tx.api_key_writes().prune_all_tenants(revoked, kBatch) == kBatch;
    tx.endpoint_writes().forget_removed_all_tenants();
    *full = tasks || deliveries || answers || revocations;
    return {};
  };
  const auto done = co_await context_.gateway.transact(std::move(prune), store::Purpose::upkeep);
  co_return done.has_value() && *full;
}

}  // namespace belfry::dispatch
