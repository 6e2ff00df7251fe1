#include "dispatch/timer.hpp"

#include <algorithm>

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;

constexpr int kBatch = 1'000;
constexpr Millis kStoreRetry{200};

}  // namespace

Timer::Timer(const Context& context) : context_(context), wake_(context.executor) {}

void Timer::on_changes(std::span<const store::TaskChange> changes) {
  for (const auto& change : changes) {
    if (change.to != domain::Status::scheduled) continue;
    if (next_due_ && *next_due_ <= change.next_at) continue;
    next_due_ = change.next_at;
    wake_.notify();
  }
}

Millis Timer::lag() const {
  const auto now = context_.clock.now();
  return now - std::min({now, next_due_.value_or(now), moving_.value_or(now)});
}

asio::awaitable<void> Timer::run() {
  next_due_ = context_.clock.now();  // unknown at start: look at once
  while (!context_.stop.requested()) {
    std::optional<Millis> wait;
    if (next_due_) wait = std::max(Millis{0}, *next_due_ - context_.clock.now());
    if (!wait || *wait > Millis{0}) {
      if (co_await wake_.wait(wait, context_.stop) == async::WakeUp::Reason::stopped) co_return;
      if (next_due_ && *next_due_ > context_.clock.now()) continue;
      if (!next_due_) continue;
    }
    while (!context_.stop.requested() && co_await run_once()) {
    }
  }
}

asio::awaitable<bool> Timer::run_once() {
  const auto due = std::exchange(next_due_, std::nullopt);  // what comes meanwhile sets it anew
  moving_ = due;
  store::MoveDue command;
  command.max = kBatch;
  const auto reply = co_await context_.gateway.ask(std::move(command));
  moving_.reset();
  if (!reply) {
    next_due_ = due;
    co_await async::sleep_for(kStoreRetry, context_.stop);
    co_return false;
  }
  if (reply->moved > 0 && due) {
    const auto late = std::max(Millis{0}, context_.clock.now() - *due);
    context_.instruments.lateness.observe(static_cast<double>(late.count()) / 1'000.0);
  }
  if (reply->next_due) next_due_ = std::min(*reply->next_due, next_due_.value_or(*reply->next_due));
  co_return reply->moved == kBatch;
}

}  // namespace belfry::dispatch
