#include "dispatch/rescuer.hpp"

#include <fmt/format.h>

#include "async/wake_up.hpp"
#include "base/encoding.hpp"
#include "outbox/end.hpp"
#include "outbox/finish.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;

constexpr int kBatch = 500;
constexpr Millis kInterval{1'000};  // two index probes; a lost lease is offered again within 5 s

using Lost = std::vector<std::pair<store::TaskRow, store::LeaseToken>>;
using Overdue = std::vector<store::TaskRow>;

constexpr auto kLostText =
    "the lease ended: the worker or target did not answer or extend it in time";
constexpr auto kExpiredText = "expiresAt passed before an attempt could start";
constexpr auto kExpiredBetweenText = "expiresAt passed before the next attempt could start";

// With the error of the attempt before, which is why the task was still waiting.
std::string expiry_text(const store::TaskRow& row) {
  if (row.failures == 0) return kExpiredText;
  auto text = row.error.empty()
                  ? std::string(kExpiredBetweenText)
                  : fmt::format("{}; the last one failed: {}", kExpiredBetweenText, row.error);
  cut_utf8(text, domain::kErrorBytesMax);
  return text;
}

}  // namespace

asio::awaitable<void> Rescuer::run() {
  while (co_await async::sleep_for(kInterval, context_.stop)) {
    while (!context_.stop.requested() && co_await run_once()) {
    }
  }
}

asio::awaitable<bool> Rescuer::run_once() {
  const bool more_lost = co_await rescue_lost();
  const bool more_expired = co_await end_expired();
  co_await end_damaged();
  co_return more_lost || more_expired;
}

asio::awaitable<bool> Rescuer::rescue_lost() {
  const auto now = context_.clock.now();
  std::function<Lost(store::Snapshot&)> read = [now](store::Snapshot& snapshot) {
    return snapshot.tasks().lost_all_tenants(now, kBatch);
  };
  const auto lost = co_await context_.gateway.read<Lost>(std::move(read));
  if (!lost || lost->empty()) co_return false;
  std::vector<store::Command> commands;
  for (const auto& [row, token] : *lost) {
    outbox::AttemptEnd end;
    end.kind = outbox::AttemptEnd::Kind::lost;
    end.error = kLostText;
    auto finish = outbox::finish_attempt(outbox::facts_of(row, token), std::move(end), now,
                                         context_.random, context_.directory);
    commands.emplace_back(std::move(finish));
  }
  const auto replies = co_await context_.gateway.ask_all(std::move(commands));
  std::size_t done = 0;
  for (const auto& reply : replies) done += reply.has_value() ? 1 : 0;
  context_.instruments.leases_lost.add(done);
  // With nothing done (the store is away, or everybody answered after all) another look can wait.
  co_return done > 0;
}

asio::awaitable<bool> Rescuer::end_expired() {
  if (context_.clock.in_doubt()) co_return false;
  const auto now = context_.clock.now();
  std::function<Overdue(store::Snapshot&)> read = [now](store::Snapshot& snapshot) {
    return snapshot.tasks().overdue_all_tenants(now, kBatch);
  };
  const auto overdue = co_await context_.gateway.read<Overdue>(std::move(read));
  if (!overdue || overdue->empty()) co_return false;
  std::vector<store::Command> commands;
  for (const auto& row : *overdue) {
    commands.emplace_back(
        outbox::end_of(row, domain::Status::expired, expiry_text(row), now, context_.directory));
  }
  const auto replies = co_await context_.gateway.ask_all(std::move(commands));
  std::size_t done = 0;
  for (const auto& reply : replies) done += reply.has_value() ? 1 : 0;
  context_.instruments.expired.add(done);
  co_return done > 0;
}

// What cannot be ended now (the store is away) is reported again when it is met again.
asio::awaitable<void> Rescuer::end_damaged() {
  auto tasks = context_.gateway.damage().take_tasks();
  if (tasks.empty()) co_return;
  std::function<Overdue(store::Snapshot&)> read = [tasks](store::Snapshot& snapshot) {
    Overdue rows;
    for (const auto& [tenant, task] : tasks) {
      auto row = snapshot.tasks().find_even_damaged(tenant, task);
      const bool open = row && !row->damage.empty() && !domain::is_terminal(row->status);
      if (open) rows.push_back(std::move(*row));
    }
    return rows;
  };
  const auto damaged = co_await context_.gateway.read<Overdue>(std::move(read));
  if (!damaged) co_return;
  // The reading has reported them anew.
  context_.gateway.damage().take_tasks();
  std::vector<store::Command> commands;
  for (const auto& row : *damaged) {
    commands.emplace_back(outbox::end_of(row, domain::Status::failed, row.error,
                                         context_.clock.now(), context_.directory));
  }
  co_await context_.gateway.ask_all(std::move(commands));
}

}  // namespace belfry::dispatch
