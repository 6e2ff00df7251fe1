#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/error.hpp"

namespace belfry::store {

// Remembers that the store is broken (P17): from then on nothing is answered with success.
// Thread-safe.
class Trouble {
 public:
  explicit Trouble(std::function<void(std::string reason)> on_broken);

  bool broken() const { return broken_.load(std::memory_order_acquire); }
  // The first report calls `on_broken`, on the calling thread; later ones do nothing.
  void report(std::string reason);

 private:
  std::atomic<bool> broken_{false};
  std::function<void(std::string)> on_broken_;
};

// What callers are told, and when they may come back.
Error refusal_busy();        // the database is busy or gone
Error refusal_full();        // no space left for what is new
Error refusal_broken();      // storage failed; the outcome may be unknown
Error refusal_no_memory();   // for this read alone; nothing is wrong with the store
Error refusal_overloaded();  // too much waits already
Error refusal_stopping();
Error refusal_damaged();  // a row that is needed is damaged

}  // namespace belfry::store
