#include "dispatch/rescuer.hpp"

#include "async/wake_up.hpp"
#include "outbox/event_body.hpp"
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

store::End expire(const store::TaskRow& row, Timestamp now, const store::Directory& directory) {
  store::End end;
  end.tenant = row.tenant;
  end.id = row.id;
  end.status = domain::Status::expired;
  end.error = kExpiredText;
  end.now = now;
  const bool called_back = !row.options.callback_url.empty();
  if (!called_back && !directory.wants(row.tenant, domain::EventType::expired)) return end;
  outbox::EventFacts facts;
  facts.type = domain::EventType::expired;
  facts.task = row.id;
  facts.tenant = row.tenant;
  facts.task_name = row.name;
  facts.queue_name = row.queue_name;
  facts.status = domain::Status::expired;
  facts.attempt = row.attempt;
  facts.failures = row.failures;
  facts.max_attempts = row.max_attempts;
  facts.error_message = end.error;
  facts.at = now;
  facts.completed_at = now;
  facts.options = &row.options;
  end.outbox.drafts.push_back(outbox::event_draft(facts));
  end.outbox.callback_url = row.options.callback_url;
  return end;
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
  const auto now = context_.clock.now();
  std::function<Overdue(store::Snapshot&)> read = [now](store::Snapshot& snapshot) {
    return snapshot.tasks().overdue_all_tenants(now, kBatch);
  };
  const auto overdue = co_await context_.gateway.read<Overdue>(std::move(read));
  if (!overdue || overdue->empty()) co_return false;
  std::vector<store::Command> commands;
  for (const auto& row : *overdue) commands.emplace_back(expire(row, now, context_.directory));
  const auto replies = co_await context_.gateway.ask_all(std::move(commands));
  std::size_t done = 0;
  for (const auto& reply : replies) done += reply.has_value() ? 1 : 0;
  context_.instruments.expired.add(done);
  co_return done > 0;
}

}  // namespace belfry::dispatch
