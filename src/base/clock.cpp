#include "base/clock.hpp"

namespace belfry {
namespace {

Timestamp wall() {
  return std::chrono::floor<Millis>(std::chrono::system_clock::now());
}

}  // namespace

AnchoredClock::AnchoredClock()
    : wall_at_start_(wall()), steady_at_start_(std::chrono::steady_clock::now()) {}

Timestamp AnchoredClock::now() const {
  return wall_at_start_ + std::chrono::floor<Millis>(steady_now() - steady_at_start_);
}

std::chrono::steady_clock::time_point AnchoredClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

Millis AnchoredClock::skew() const {
  return wall() - now();
}

ManualClock::ManualClock(Timestamp start) : now_ms_(to_ms(start)) {}

Timestamp ManualClock::now() const {
  return from_ms(now_ms_.load());
}

std::chrono::steady_clock::time_point ManualClock::steady_now() const {
  return std::chrono::steady_clock::time_point{Millis{now_ms_.load()}};
}

void ManualClock::advance(Millis by) {
  now_ms_ += by.count();
}

}  // namespace belfry
