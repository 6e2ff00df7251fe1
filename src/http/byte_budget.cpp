#include "http/byte_budget.hpp"

#include <algorithm>

namespace belfry::http {

namespace {

std::size_t less(std::size_t limit, std::size_t used) {
  return limit - std::min(limit, used);
}

template <class Map, class Owner>
std::size_t held(const Map& map, const Owner& owner) {
  const auto found = map.find(owner);
  return found == map.end() ? 0 : found->second;
}

template <class Map, class Owner>
void change(Map& map, const Owner& owner, std::size_t from, std::size_t to) {
  auto& held = map[owner];
  held = held - from + to;
  if (held == 0) map.erase(owner);
}

}  // namespace

std::size_t ByteBudget::left_locked(const Owners& owners) const {
  std::size_t left = less(limits_.total, used_);
  if (!owners.address.empty()) {
    left = std::min(left, less(limits_.per_address, held(held_by_address_, owners.address)));
  }
  if (owners.tenant) {
    left = std::min(left, less(limits_.per_tenant, held(held_by_tenant_, owners.tenant)));
  }
  return left;
}

void ByteBudget::change_locked(const Owners& owners, std::size_t from, std::size_t to) {
  used_ = used_ - from + to;
  if (!owners.address.empty()) change(held_by_address_, owners.address, from, to);
  if (owners.tenant) change(held_by_tenant_, owners.tenant, from, to);
}

std::size_t ByteBudget::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

void ByteBudget::Share::belongs_to(TenantId tenant) {
  const auto bytes = bytes_;
  release();
  owners_.tenant = tenant;
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
