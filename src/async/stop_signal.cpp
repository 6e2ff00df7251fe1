#include "async/stop_signal.hpp"

#include <atomic>
#include <utility>

namespace belfry::async {

// The recursive mutex is held while the callback runs: whoever destroys a subscription on another
// thread waits for the callback to end, and a callback may destroy its own subscription.
struct StopSignal::Subscription::Entry {
  std::recursive_mutex mutex;
  std::function<void()> callback;
  std::weak_ptr<State> state;
  std::list<std::shared_ptr<Entry>>::iterator place;  // guarded by the state's mutex
  bool listed = false;                                // guarded by the state's mutex

  void call() {
    const std::lock_guard lock(mutex);
    if (const auto told = std::exchange(callback, nullptr)) {
      told();
    }
  }
};

struct StopSignal::State {
  std::atomic<bool> requested{false};
  std::mutex mutex;
  std::list<std::shared_ptr<Subscription::Entry>> entries;
};

StopSignal::StopSignal() : state_(std::make_shared<State>()) {}

bool StopSignal::requested() const {
  return state_->requested.load(std::memory_order_acquire);
}

void StopSignal::request() {
  std::list<std::shared_ptr<Subscription::Entry>> told;
  {
    const std::lock_guard lock(state_->mutex);
    state_->requested.store(true, std::memory_order_release);
    told.swap(state_->entries);
    for (const auto& entry : told) {
      entry->listed = false;
    }
  }
  for (const auto& entry : told) {
    entry->call();
  }
}

StopSignal::Subscription StopSignal::on_request(std::function<void()> callback) const {
  Subscription subscription;
  subscription.entry_ = std::make_shared<Subscription::Entry>();
  auto& entry = *subscription.entry_;
  entry.callback = std::move(callback);
  entry.state = state_;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->requested.load(std::memory_order_relaxed)) {
      entry.place = state_->entries.insert(state_->entries.end(), subscription.entry_);
      entry.listed = true;
      return subscription;
    }
  }
  entry.call();
  return subscription;
}

StopSignal::Subscription::~Subscription() {
  if (!entry_) {
    return;
  }
  if (const auto state = entry_->state.lock()) {
    const std::lock_guard lock(state->mutex);
    if (std::exchange(entry_->listed, false)) {
      state->entries.erase(entry_->place);
    }
  }
  const std::lock_guard lock(entry_->mutex);
  entry_->callback = nullptr;
}

StopSignal::Subscription::Subscription(Subscription&&) noexcept = default;

StopSignal::Subscription& StopSignal::Subscription::operator=(Subscription&& other) noexcept {
  // What this one held ends with `other`, whose destructor unsubscribes.
  std::swap(entry_, other.entry_);
  Subscription ended;
  std::swap(ended.entry_, other.entry_);
  return *this;
}

}  // namespace belfry::async
