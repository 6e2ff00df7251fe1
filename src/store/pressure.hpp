#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace belfry::store {

// Whether so much of a kind is in progress in the store that one more would only wait longer inside
// than outside, where tenants take turns. Thread-safe.
class Pressure {
 public:
  // Behind while more than `many` are in progress, and then until `few` or less are left.
  struct Marks {
    std::size_t few;
    std::size_t many;
  };

  // `marks` may give others each time.
  explicit Pressure(std::function<Marks()> marks) : marks_(std::move(marks)) {}

  // Called after `behind` has said so, as soon as few enough are left. Set before anything begins.
  void when_caught_up(std::function<void()> call) { on_caught_up_ = std::move(call); }

  bool behind();
  void begin(std::size_t count) { in_progress_.fetch_add(count); }
  void end(std::size_t count);

 private:
  std::function<Marks()> marks_;
  std::function<void()> on_caught_up_;
  std::atomic<std::size_t> in_progress_{0};
  std::atomic<bool> behind_{false};
};

// So much of a caller's is in progress until this goes.
class InProgress {
 public:
  InProgress(std::shared_ptr<Pressure> pressure, std::size_t count)
      : pressure_(std::move(pressure)), count_(count) {
    if (count_ > 0) pressure_->begin(count_);
  }
  ~InProgress() {
    if (count_ > 0) pressure_->end(count_);
  }
  InProgress(const InProgress&) = delete;
  InProgress& operator=(const InProgress&) = delete;

 private:
  std::shared_ptr<Pressure> pressure_;
  std::size_t count_;
};

}  // namespace belfry::store
