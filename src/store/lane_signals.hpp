#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "store/backend.hpp"

namespace belfry::store {

// Wakes long-polling workers when a queue of theirs gets ready tasks (or is resumed): at most as
// many as there are new tasks, the longest waiting first. Thread-safe; callbacks only notify.
class LaneSignals {
 public:
  LaneSignals();
  ~LaneSignals();

  class Subscription {
   public:
    Subscription() = default;
    ~Subscription();
    Subscription(Subscription&&) noexcept;
    Subscription& operator=(Subscription&&) noexcept;

   private:
    friend class LaneSignals;
    struct Entry;
    std::shared_ptr<Entry> entry_;
  };
  [[nodiscard]] Subscription subscribe(std::vector<domain::QueueNo> queues,
                                       std::function<void()> wake);
  void on_commit(const Committed& committed);  // a Gateway listener
  void wake_all();                             // configuration changed, or stop

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::store
