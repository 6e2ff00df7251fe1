#include "dispatch/unparker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "outbox/end.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;
using http::Standing;
using Unparked = store::DestinationWrites::Unparked;

constexpr int kBatch = 500;
constexpr Millis kScan{5'000};
constexpr Millis kStoreRetry{200};
// What was made claimable is on its way for so long before the room is looked at again.
constexpr Millis kOnItsWay{200};
// A probe that has not begun after so long (its queue is paused) is left to another task.
constexpr Millis kProbeOnItsWay{3'000};

store::DestinationName name_of(const http::Destination& to) {
  return {to.tenant, to.origin, to.handler};
}

bool same(const store::DestinationRow& a, const store::DestinationRow& b) {
  return a.state == b.state && a.since == b.since && a.error == b.error &&
         a.next_call == b.next_call;
}

}  // namespace

Unparker::Unparker(const Context& context, Flag flag)
    : context_(context),
      flag_(std::move(flag)),
      wake_(context.executor),
      node_(fmt::format("{:016x}", context.random.next_u64())) {}

void Unparker::on_end(const http::Destination& to) {
  if (context_.backlog.empty() || !context_.backlog.knows(to.tenant, to.origin)) return;
  wake_.notify();
}

double Unparker::oldest_seconds() const {
  const auto since = oldest_ms_.load();
  return since == 0 ? 0 : static_cast<double>(to_ms(context_.clock.now()) - since) / 1'000.0;
}

asio::awaitable<void> Unparker::run() {
  auto scan_at = context_.clock.steady_now();
  while (!context_.stop.requested()) {
    if (context_.clock.steady_now() >= scan_at) {
      co_await scan();
      scan_at = context_.clock.steady_now() + kScan;
    }
    co_await run_once();
    co_await wake_.wait(std::min(next_look(), kScan), context_.stop);
    // Many calls end at once: one round for all of them.
    if (!context_.backlog.empty()) co_await async::sleep_for(Millis{20}, context_.stop);
  }
}

asio::awaitable<void> Unparker::run_once() {
  if (context_.backlog.empty() && told_.empty()) co_return;
  auto wanted = plan();
  if (!wanted.empty() && !co_await unpark(std::move(wanted))) {
    co_await async::sleep_for(kStoreRetry, context_.stop);
  }
  co_await tell_states();
}

bool Unparker::due(const http::Destination& to) {
  const auto found = not_before_.find(to);
  return found == not_before_.end() || found->second <= context_.clock.now();
}

// Of an open origin one handler at a time, of an open handler one task at a time.
void Unparker::plan_probe(const http::Destination& to, std::vector<Wanted>& wanted) {
  const auto standing = context_.gate.standing(to);
  const auto unit = standing.origin ? http::Destination{to.tenant, to.origin, "*"} : to;
  if (!due(unit) || context_.gate.room(to) == 0) return;
  const auto turn =
      standing.origin ? context_.backlog.next_turn(to.tenant, to.origin) : std::optional(to);
  not_before_[unit] = context_.clock.now() + kProbeOnItsWay;
  if (turn) wanted.push_back({*turn, context_.backlog.last_unparked(*turn), 1});
}

std::vector<Unparker::Wanted> Unparker::plan() {
  const auto now = context_.clock.now();
  std::erase_if(not_before_, [&](const auto& item) { return item.second <= now; });
  std::vector<Wanted> wanted;
  int left = kBatch;
  for (const auto& to : context_.backlog.destinations()) {
    if (left <= 0) break;
    if (context_.gate.standing(to).kind == Standing::Kind::open) {
      plan_probe(to, wanted);
      continue;
    }
    const int room = due(to) ? std::min(context_.gate.room(to), left) : 0;
    if (room <= 0) continue;
    left -= room;
    not_before_[to] = now + kOnItsWay;
    wanted.push_back({to, {}, room});
  }
  return wanted;
}

asio::awaitable<bool> Unparker::unpark(std::vector<Wanted> wanted) {
  const auto results = std::make_shared<std::vector<Unparked>>();
  for (const auto& one : wanted) context_.backlog.unparking(one.to);
  store::TransactFn fn = [wanted, results](store::Transaction& tx) -> Result<> {
    results->clear();
    for (const auto& one : wanted) {
      results->push_back(tx.destination_writes().unpark(name_of(one.to), one.after, one.count));
    }
    return {};
  };
  const auto done = co_await context_.gateway.transact(std::move(fn), store::Purpose::upkeep);
  if (!done) co_return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& result = (*results)[i];
    context_.backlog.unparked(wanted[i].to, result.tasks, result.next);
    for (const auto& [queue, lanes] : result.lanes) flag_(queue, lanes);
  }
  co_return true;
}

// When a probe or the end of a pause is due next.
Millis Unparker::next_look() const {
  const auto now = context_.clock.now();
  auto next = kScan;
  for (const auto& to : context_.backlog.destinations()) {
    const auto standing = context_.gate.standing(to);
    if (standing.next_call) next = std::min(next, *standing.next_call - now);
    if (standing.kind == Standing::Kind::free) next = std::min(next, kOnItsWay);
  }
  return std::max(next, Millis{20});
}

asio::awaitable<void> Unparker::scan() {
  using Rows = std::vector<store::ParkedRow>;
  for (const auto& to : context_.backlog.destinations()) context_.backlog.unparking(to);
  std::function<Rows(store::Snapshot&)> read = [](store::Snapshot& snapshot) {
    return snapshot.destinations().parked_all_tenants();
  };
  const auto rows = co_await context_.gateway.read<Rows>(std::move(read));
  if (!rows) co_return;
  std::set<http::Destination> found;
  std::int64_t parked = 0, oldest = 0;
  for (const auto& row : *rows) {
    const http::Destination to{row.name.tenant, row.name.origin, row.name.handler};
    found.insert(to);
    context_.backlog.found(to, {row.best_rank, row.best});
    parked += row.tasks;
    const auto since = to_ms(row.oldest_ready_at);
    if (since > 0 && (oldest == 0 || since < oldest)) oldest = since;
  }
  for (const auto& to : context_.backlog.destinations()) {
    if (!found.contains(to)) context_.backlog.unparked(to, {}, {});
  }
  parked_ = parked;
  oldest_ms_ = oldest;
  co_await give_up_impatient();
  const bool emptied = std::exchange(had_parked_, !rows->empty()) && rows->empty();
  if (!fresh_ && told_.empty() && !emptied) co_return;
  store::TransactFn forget = [node = node_](store::Transaction& tx) -> Result<> {
    tx.destination_writes().forget_unused_all_tenants(node);
    return {};
  };
  if (co_await context_.gateway.transact(std::move(forget), store::Purpose::upkeep)) fresh_ = false;
}

asio::awaitable<void> Unparker::give_up_impatient() {
  for (const auto& to : context_.backlog.destinations()) {
    const auto standing = context_.gate.standing(to);
    if (standing.kind == Standing::Kind::open && standing.failed_probe) {
      co_await give_up(to, standing);
    }
  }
}

asio::awaitable<void> Unparker::give_up(const http::Destination& to,
                                        const http::Standing& standing) {
  using Rows = std::vector<store::TaskRow>;
  const auto now = context_.clock.now();
  const store::Outage outage{standing.since, *standing.failed_probe, now};
  for (std::size_t ended = kBatch; ended == kBatch && !context_.stop.requested();) {
    std::function<Rows(store::Snapshot&)> read = [name = name_of(to),
                                                  outage](store::Snapshot& snapshot) {
      return snapshot.destinations().impatient(name, outage, kBatch);
    };
    const auto rows = co_await context_.gateway.read<Rows>(std::move(read));
    if (!rows || rows->empty()) co_return;
    std::vector<store::Command> commands;
    const auto error = "destination_open: " + standing.error;
    for (const auto& row : *rows) {
      auto end = outbox::end_of(row, domain::Status::failed, error, now, context_.directory);
      end.only_parked = true;
      commands.emplace_back(std::move(end));
    }
    const auto replies = co_await context_.gateway.ask_all(std::move(commands));
    ended = static_cast<std::size_t>(
        std::ranges::count_if(replies, [](const auto& reply) { return reply.has_value(); }));
    context_.instruments.failed.add(ended);
  }
}

asio::awaitable<void> Unparker::tell_states() {
  std::map<store::DestinationName, store::DestinationRow> states;
  std::int64_t open = 0;
  for (const auto& to : context_.backlog.destinations()) {
    const auto standing = context_.gate.standing(to);
    if (standing.kind == Standing::Kind::free) continue;
    store::DestinationRow row;
    row.name = name_of(to);
    if (standing.origin) row.name.handler.clear();
    row.node = node_;
    const bool is_open = standing.kind == Standing::Kind::open;
    row.state = is_open ? store::DestinationState::open : store::DestinationState::busy;
    row.since = standing.since;
    row.error = standing.error;
    row.next_call = standing.next_call;
    if (states.emplace(row.name, row).second && is_open) ++open;
  }
  open_ = open;
  std::vector<store::DestinationRow> put;
  std::vector<store::DestinationName> gone;
  for (const auto& [name, row] : states) {
    const auto known = told_.find(name);
    if (known == told_.end() || !same(known->second, row)) put.push_back(row);
  }
  for (const auto& [name, row] : told_) {
    if (!states.contains(name)) gone.push_back(name);
  }
  if (put.empty() && gone.empty()) co_return;
  store::TransactFn fn = [put, gone, node = node_](store::Transaction& tx) -> Result<> {
    for (const auto& row : put) tx.destination_writes().put_state(row);
    for (const auto& name : gone) tx.destination_writes().remove_state(name, node);
    return {};
  };
  if (co_await context_.gateway.transact(std::move(fn), store::Purpose::upkeep)) {
    told_ = std::move(states);
  }
}

}  // namespace belfry::dispatch
