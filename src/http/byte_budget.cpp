#include "http/byte_budget.hpp"

namespace belfry::http {

void ByteBudget::Share::release() {
  if (bytes_ > 0) from_.used_.fetch_sub(bytes_, std::memory_order_relaxed);
  bytes_ = 0;
}

bool ByteBudget::Share::raise_to(std::size_t bytes) {
  if (bytes <= bytes_) return true;
  const std::size_t more = bytes - bytes_;
  if (from_.used_.fetch_add(more, std::memory_order_relaxed) + more > from_.max_) {
    from_.used_.fetch_sub(more, std::memory_order_relaxed);
    return false;
  }
  bytes_ = bytes;
  return true;
}

}  // namespace belfry::http
