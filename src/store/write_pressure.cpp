#include "store/write_pressure.hpp"

namespace belfry::store {

bool WritePressure::behind(std::size_t per_transaction) {
  if (behind_.load()) return true;
  if (creations_.load() <= many(per_transaction)) return false;
  behind_.store(true);
  // The last creation may have ended before it could see that.
  if (creations_.load() > few(per_transaction)) return true;
  return !behind_.exchange(false);
}

void WritePressure::end(std::size_t per_transaction) {
  const auto left = creations_.fetch_sub(1) - 1;
  if (left > few(per_transaction) || !behind_.load()) return;
  if (behind_.exchange(false) && on_caught_up_) on_caught_up_();
}

}  // namespace belfry::store
