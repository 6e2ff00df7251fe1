#include "dispatch/claimer.hpp"

#include "store/lanes.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;

constexpr int kTurnsARound = 512;
constexpr int kTurnsAQueue = 256;
constexpr Millis kStoreRetry{200};

}  // namespace

Claimer::Claimer(const Context& context, Running& running, async::TaskGroup& runners)
    : context_(context),
      running_(running),
      runners_(runners),
      runner_(context, running),
      picker_(
          [&directory = context.directory](TenantId id) {
            const auto tenant = directory.tenant(id);
            return tenant ? tenant->limits.weight : 1;
          },
          context.options.push_total),
      held_(context.options.push_bytes_total, context.options.push_bytes_a_tenant),
      wake_(context.executor) {}

void Claimer::on_changes(std::span<const store::TaskChange> changes) {
  for (const auto& change : changes) {
    // A limit may have got room, or what stands behind expired tasks its turn.
    if (change.from == domain::Status::running || change.to == domain::Status::expired) {
      picker_.unpark_tenant(change.tenant);
      wake_.notify();
    }
    if (change.to == domain::Status::pending) flag(change.queue, store::lane_bit(change.lane));
  }
}

void Claimer::on_configuration() {
  picker_.unpark_all();
  scan_wanted_ = true;  // a queue's default target may have moved its tasks to us
  wake_.notify();
}

void Claimer::flag(domain::QueueNo queue, unsigned lanes) {
  const auto known = context_.directory.queue(queue);
  if (!known) return;
  const auto ours = store::push_lanes(known->settings, context_.options.default_target_is_echo);
  if ((ours & lanes) == 0) return;
  picker_.flag(known->tenant, queue);
  wake_.notify();
}

asio::awaitable<void> Claimer::scan() {
  using Lanes = std::vector<std::pair<domain::QueueNo, unsigned>>;
  scan_wanted_ = false;
  std::function<Lanes(store::Snapshot&)> read = [](store::Snapshot& snapshot) {
    return snapshot.tasks().ready_lanes_all_tenants();
  };
  const auto lanes = co_await context_.gateway.read<Lanes>(std::move(read));
  if (!lanes) {
    scan_wanted_ = true;
    co_return;
  }
  for (const auto& [queue, mask] : *lanes) flag(queue, mask);
}

asio::awaitable<void> Claimer::run() {
  const Millis every = context_.options.look_again;
  auto look_again = context_.clock.steady_now() + every;
  while (!context_.stop.requested()) {
    if (context_.clock.steady_now() >= look_again) {
      look_again = context_.clock.steady_now() + every;
      picker_.unpark_all();
      scan_wanted_ = true;
    }
    if (scan_wanted_) co_await scan();
    while (!context_.stop.requested() && co_await run_once()) {
      if (context_.clock.steady_now() >= look_again) break;
    }
    co_await wake_.wait(scan_wanted_ ? kStoreRetry : every, context_.stop);
  }
}

asio::awaitable<bool> Claimer::run_once() {
  if (held_.full()) co_return false;  // an attempt that ends wakes us
  const auto turns = picker_.plan(kTurnsARound, kTurnsAQueue);
  if (turns.empty()) co_return false;
  std::vector<store::Command> commands;
  commands.reserve(turns.size());
  for (const auto& turn : turns) {
    const auto queue = context_.directory.queue(turn.queue);
    store::Claim claim;
    claim.queue = turn.queue;
    claim.lanes = queue
                      ? store::push_lanes(queue->settings, context_.options.default_target_is_echo)
                      : store::lane_bit(domain::Lane::push);
    claim.max = turn.count;
    claim.bytes_max = std::min(held_.room(turn.tenant), domain::kClaimBytesMax);
    claim.lease = context_.options.lease;
    claim.kind = store::LeaseKind::push;
    commands.emplace_back(std::move(claim));
  }
  running_.expect_claims();
  auto replies = co_await context_.gateway.ask_all(std::move(commands));
  bool store_answers = true;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    store_answers = store_answers && replies[i].has_value();
    take(turns[i], std::move(replies[i]));
  }
  running_.claims_are_answered();
  if (!store_answers) co_await async::sleep_for(kStoreRetry, context_.stop);
  co_return true;
}

void Claimer::take(const FairPicker::Turn& turn, Result<store::Reply> reply) {
  if (!reply) return picker_.release(turn.queue, turn.count);
  auto& claimed = std::get<store::Claim::Reply>(*reply);
  for (const auto& task : claimed.tasks) held_.add(task.tenant, task.bytes);
  picker_.release(turn.queue, turn.count - static_cast<int>(claimed.tasks.size()));
  using HeldBy = store::Claim::HeldBy;
  switch (claimed.held_by) {
    case HeldBy::nothing:
      break;
    case HeldBy::bytes:
      if (held_.at_limit(turn.tenant)) picker_.park(turn.queue, turn.planned_at);
      break;
    case HeldBy::empty:
      picker_.clear(turn.queue, turn.flagged_at);
      break;
    case HeldBy::expired:
    case HeldBy::queue_paused:
    case HeldBy::tenant_suspended:
    case HeldBy::queue_limit:
    case HeldBy::tenant_limit:
      picker_.park(turn.queue, turn.planned_at);
      break;
  }
  for (auto& task : claimed.tasks) runners_.spawn(run_attempt(running_.add(std::move(task))));
}

asio::awaitable<void> Claimer::run_attempt(std::shared_ptr<Attempt> attempt) {
  const auto queue = attempt->task.queue;
  const auto tenant = attempt->task.tenant;
  const auto bytes = attempt->task.bytes;
  co_await runner_.run(std::move(attempt));
  const bool was_at_limit = held_.at_limit(tenant);
  held_.remove(tenant, bytes);
  if (was_at_limit) picker_.unpark_tenant(tenant);
  picker_.release(queue, 1);
  wake_.notify();
}

}  // namespace belfry::dispatch
