#include "store/pressure.hpp"

namespace belfry::store {

bool Pressure::behind() {
  if (behind_.load()) return true;
  const auto marks = marks_();
  if (in_progress_.load() <= marks.many) return false;
  behind_.store(true);
  // The last may have ended before it could see that.
  if (in_progress_.load() > marks.few) return true;
  return !behind_.exchange(false);
}

void Pressure::end(std::size_t count) {
  const auto left = in_progress_.fetch_sub(count) - count;
  if (!behind_.load() || left > marks_().few) return;
  if (behind_.exchange(false) && on_caught_up_) on_caught_up_();
}

}  // namespace belfry::store
