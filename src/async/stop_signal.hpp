#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace belfry::async {

// Told once, heard by everyone: loops check `requested()`, sleepers subscribe. Copies share state.
// Thread-safe. Callbacks run on the thread that calls `request()`, so they only post or notify.
class StopSignal {
 public:
  StopSignal();
  bool requested() const;
  void request();

  // Unsubscribes when destroyed. A callback added after `request()` runs at once.
  class Subscription {
   public:
    Subscription() = default;
    ~Subscription();
    Subscription(Subscription&&) noexcept;
    Subscription& operator=(Subscription&&) noexcept;

   private:
    friend class StopSignal;
    struct Entry;
    std::shared_ptr<Entry> entry_;
  };
  [[nodiscard]] Subscription on_request(std::function<void()> callback) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::async
