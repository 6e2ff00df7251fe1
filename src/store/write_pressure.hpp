#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace belfry::store {

// Whether so many creations are in progress that one more would only wait longer inside the store
// than outside, where tenants take turns: more than two transactions take. `on_caught_up` is called
// after that has been said, as soon as less than one and a half are left. Thread-safe.
class WritePressure {
 public:
  void when_caught_up(std::function<void()> call) { on_caught_up_ = std::move(call); }  // first

  bool behind(std::size_t per_transaction);
  void begin() { creations_.fetch_add(1); }
  void end(std::size_t per_transaction);

 private:
  static std::size_t few(std::size_t per_transaction) { return per_transaction * 3 / 2; }
  static std::size_t many(std::size_t per_transaction) { return per_transaction * 2; }

  std::function<void()> on_caught_up_;
  std::atomic<std::size_t> creations_{0};
  std::atomic<bool> behind_{false};
};

}  // namespace belfry::store
