#include "dispatch/remover.hpp"

#include "base/log.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;

constexpr int kRows = 300;    // a step
constexpr int kTenants = 50;  // a step, where they have next to nothing
constexpr Millis kInterval{60'000};
constexpr Millis kPause{50};

// Ends what is unfinished; how many. What runs is told, as at any cancellation.
int end_some(store::Transaction& tx, TenantId tenant, Timestamp now, int limit) {
  store::TaskFilter unfinished;
  unfinished.statuses = {domain::Status::scheduled, domain::Status::pending,
                         domain::Status::running};
  const auto page = tx.tasks().query(tenant, unfinished, std::nullopt, limit, true);
  for (const auto& row : page.tasks) {
    store::End end;
    end.tenant = tenant;
    end.id = row.id;
    end.error = "the tenant is being removed";
    end.now = now;
    static_cast<void>(tx.end(end));
  }
  return static_cast<int>(page.tasks.size());
}

// How many rows the step took.
int remove_some(store::Transaction& tx, TenantId tenant, Timestamp now, int limit,
                std::vector<TenantId>& gone) {
  if (const int ended = end_some(tx, tenant, now, limit); ended > 0) return ended;
  if (!tx.tenant_writes().remove_some(tenant, limit)) return limit;
  gone.push_back(tenant);
  return 1;
}

}  // namespace

asio::awaitable<void> Remover::run() {
  while (!context_.stop.requested()) {
    while (co_await run_once()) {
      if (!co_await async::sleep_for(kPause, context_.stop)) co_return;
    }
    co_await wake_.wait(kInterval, context_.stop);
  }
}

asio::awaitable<bool> Remover::run_once() {
  // How long a tenant has been unused is not known while the clock is in doubt.
  const auto kept = context_.clock.in_doubt() ? Millis{0} : context_.options.unused_tenants_kept;
  std::function<bool(store::Snapshot&)> look = [now = context_.clock.now(),
                                                kept](store::Snapshot& snapshot) {
    auto& tenants = snapshot.tenants();
    return !tenants.removing_all_tenants(1).empty() ||
           (kept > Millis{0} && !tenants.unused_all_tenants(now - kept, 1).empty());
  };
  const auto any = co_await context_.gateway.read<bool>(std::move(look));
  if (!any || !*any) co_return false;

  const auto gone = std::make_shared<std::vector<TenantId>>();
  store::TransactFn step = [gone, now = context_.clock.now(),
                            kept](store::Transaction& tx) -> Result<> {
    gone->clear();
    if (kept > Millis{0}) {
      for (const auto id : tx.tenants().unused_all_tenants(now - kept, kTenants)) {
        if (auto done = tx.tenant_writes().start_removal(id, now); !done) return done;
      }
    }
    int rows = kRows;
    for (const auto id : tx.tenants().removing_all_tenants(kTenants)) {
      if (rows <= 0) break;
      rows -= remove_some(tx, id, now, rows, *gone);
    }
    return {};
  };
  const auto done = co_await context_.gateway.transact(std::move(step), store::Purpose::upkeep);
  if (!done) co_return false;
  for (const auto id : *gone) log().info("tenant removed tenant={}", to_string(id));
  co_return true;
}

}  // namespace belfry::dispatch
