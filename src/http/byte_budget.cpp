#include "http/byte_budget.hpp"

#include <algorithm>

namespace belfry::http {

namespace {

std::size_t less(std::size_t limit, std::size_t used) {
  return limit - std::min(limit, used);
}

}  // namespace

std::size_t ByteBudget::left_locked(const Owners& owners) const {
  std::size_t left = less(limits_.total, used_);
  const std::array<std::size_t, 2> most{limits_.per_address, limits_.per_tenant};
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (owners[i].empty()) continue;
    const auto found = held_.find(owners[i]);
    left = std::min(left, less(most[i], found == held_.end() ? 0 : found->second));
  }
  return left;
}

void ByteBudget::change_locked(const Owners& owners, std::size_t from, std::size_t to) {
  used_ = used_ - from + to;
  for (const auto& owner : owners) {
    if (owner.empty()) continue;
    auto& held = held_[owner];
    held = held - from + to;
    if (held == 0) held_.erase(owner);
  }
}

std::size_t ByteBudget::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

void ByteBudget::Share::belongs_to(std::string tenant) {
  const auto bytes = bytes_;
  release();
  owners_[1] = std::move(tenant);
  hold(bytes);
}

bool ByteBudget::Share::raise_to(std::size_t bytes) {
  if (bytes <= bytes_) return true;
  const std::lock_guard lock(from_.mutex_);
  if (bytes - bytes_ > from_.left_locked(owners_)) return false;
  from_.change_locked(owners_, bytes_, bytes);
  bytes_ = bytes;
  return true;
}

void ByteBudget::Share::hold(std::size_t bytes) {
  if (bytes == bytes_) return;
  const std::lock_guard lock(from_.mutex_);
  from_.change_locked(owners_, bytes_, bytes);
  bytes_ = bytes;
}

std::size_t ByteBudget::Share::left() const {
  const std::lock_guard lock(from_.mutex_);
  return from_.left_locked(owners_);
}

}  // namespace belfry::http
