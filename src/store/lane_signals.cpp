#include "store/lane_signals.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace belfry::store {

// Callbacks run under the state's mutex: once a subscription is gone its callback is over, too.
struct LaneSignals::State {
  // Who waits for a queue, by turn: the smallest has waited longest.
  using Line = std::map<std::uint64_t, Subscription::Entry*>;

  std::mutex mutex;
  std::unordered_map<domain::QueueNo, Line> lines;
  std::uint64_t turns = 0;

  void enter(Subscription::Entry& entry);
  void leave(Subscription::Entry& entry);
  void wake(domain::QueueNo queue, std::size_t at_most);
};

struct LaneSignals::Subscription::Entry {
  std::vector<domain::QueueNo> queues;
  std::function<void()> wake;
  std::shared_ptr<State> state;
  std::uint64_t turn = 0;

  ~Entry() {
    const std::lock_guard lock(state->mutex);
    state->leave(*this);
  }
};

void LaneSignals::State::enter(Subscription::Entry& entry) {
  entry.turn = ++turns;
  for (const auto queue : entry.queues) lines[queue].emplace(entry.turn, &entry);
}

void LaneSignals::State::leave(Subscription::Entry& entry) {
  for (const auto queue : entry.queues) {
    const auto line = lines.find(queue);
    if (line == lines.end()) continue;
    line->second.erase(entry.turn);
    if (line->second.empty()) lines.erase(line);
  }
}

void LaneSignals::State::wake(domain::QueueNo queue, std::size_t at_most) {
  const auto line = lines.find(queue);
  if (line == lines.end()) return;
  std::vector<Subscription::Entry*> woken;
  for (const auto& [turn, entry] : line->second) {
    if (woken.size() == at_most) break;
    woken.push_back(entry);
  }
  // Whoever was woken goes to the end of all its lines, so that the next task wakes another.
  for (auto* entry : woken) {
    leave(*entry);
    enter(*entry);
    entry->wake();
  }
}

LaneSignals::LaneSignals() : state_(std::make_shared<State>()) {}
LaneSignals::~LaneSignals() = default;

LaneSignals::Subscription::~Subscription() = default;
LaneSignals::Subscription::Subscription(Subscription&&) noexcept = default;
LaneSignals::Subscription& LaneSignals::Subscription::operator=(Subscription&&) noexcept = default;

LaneSignals::Subscription LaneSignals::subscribe(std::vector<domain::QueueNo> queues,
                                                 std::function<void()> wake) {
  Subscription subscription;
  subscription.entry_ = std::make_shared<Subscription::Entry>();
  auto& entry = *subscription.entry_;
  // None of its queues exists yet: it waits in a line of its own for one to be made.
  if (queues.empty()) queues.push_back(domain::QueueNo{});
  entry.queues = std::move(queues);
  entry.wake = std::move(wake);
  entry.state = state_;
  const std::lock_guard lock(state_->mutex);
  state_->enter(entry);
  return subscription;
}

void LaneSignals::on_commit(const Committed& committed) {
  if (committed.configuration_changed) {
    // A queue may have been resumed, or got another limit or default target.
    wake_all();
    return;
  }
  const std::lock_guard lock(state_->mutex);
  if (state_->lines.empty()) return;
  std::unordered_map<domain::QueueNo, std::size_t> ready;
  for (const auto& change : committed.changes) {
    // Pushes are nothing that a worker could take.
    if (change.lane == domain::Lane::push) continue;
    if (change.to == domain::Status::pending) ++ready[change.queue];
    // It may have stood before others: one look is enough for all of them.
    if (change.to == domain::Status::expired) ready.try_emplace(change.queue, 1);
  }
  for (const auto& [queue, count] : ready) state_->wake(queue, count);
}

void LaneSignals::wake_all() {
  const std::lock_guard lock(state_->mutex);
  for (const auto& [queue, line] : state_->lines) {
    for (const auto& [turn, entry] : line) {
      // One who waits for several queues is woken for the first of them.
      if (entry->queues.front() == queue) entry->wake();
    }
  }
}

}  // namespace belfry::store
