#include "store/sqlite/read_gate.hpp"

namespace belfry::store::sqlite {

void ReadGate::enter() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !closed_; });
  ++inside_;
}

void ReadGate::leave() {
  const std::lock_guard lock(mutex_);
  --inside_;
  if (closed_ && inside_ == 0) changed_.notify_all();
}

bool ReadGate::alone(Millis patience, const std::function<void()>& fn) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  const bool left = changed_.wait_for(lock, patience, [this] { return inside_ == 0; });
  // Opens at the end, also when `fn` throws.
  struct Opening {
    ReadGate& gate;
    ~Opening() {
      gate.closed_ = false;
      gate.changed_.notify_all();
    }
  } const opening{*this};
  if (left) fn();
  return left;
}

}  // namespace belfry::store::sqlite
