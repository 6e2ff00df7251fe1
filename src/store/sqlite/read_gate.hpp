#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

#include "base/clock.hpp"

namespace belfry::store::sqlite {

// Reads pass side by side, but for the moments in which the writer must be alone: then those that
// come wait. Thread-safe.
class ReadGate {
 public:
  // One read; leaves at the end of its life.
  class Pass {
   public:
    explicit Pass(ReadGate& gate) : gate_(gate) { gate_.enter(); }
    ~Pass() { gate_.leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    ReadGate& gate_;
  };

  // Holds new reads back and runs `fn` once those inside have left. False, and `fn` was not run, if
  // they have not left within `patience`: a long read costs the others no more than that.
  bool alone(Millis patience, const std::function<void()>& fn);

 private:
  void enter();
  void leave();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

}  // namespace belfry::store::sqlite
