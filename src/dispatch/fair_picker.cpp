#include "dispatch/fair_picker.hpp"

#include <algorithm>

namespace belfry::dispatch {
namespace {

// How many times what is left to all a tenant of weight 1 may hold; and the part of the slots that
// is kept for tenants that hold none.
constexpr double kGreed = 8;
constexpr int kReserve = 10;  // 1 / 10

}  // namespace

bool FairPicker::may_take(double share) const {
  const int free = total_ - in_use_;
  if (share == 0) return free > 0;
  return share < kGreed * (free - total_ / kReserve);
}

FairPicker::LaneKey FairPicker::key_of(domain::QueueNo queue, const Lane& lane) const {
  return {lane.slots, lane.served, queue.value};
}

template <class Change>
void FairPicker::change_tenant(TenantId id, Change change) {
  auto& tenant = tenants_[id];
  active_.erase({tenant.share, tenant.served, id});
  change(tenant);
  tenant.share = static_cast<double>(tenant.slots) / std::max(1, weight_of_(id));
  if (!tenant.active.empty()) {
    active_.insert({tenant.share, tenant.served, id});
  } else if (tenant.slots == 0 && tenant.parked.empty()) {
    tenants_.erase(id);
  }
}

template <class Change>
void FairPicker::change_lane(domain::QueueNo queue, Change change) {
  const auto found = lanes_.find(queue);
  if (found == lanes_.end()) return;
  auto& lane = found->second;
  change_tenant(lane.tenant, [&](Tenant& tenant) {
    tenant.active.erase(key_of(queue, lane));
    tenant.parked.erase(queue.value);
    change(lane, tenant);
    if (lane.flagged_at == 0) return;
    if (lane.parked) {
      tenant.parked.insert(queue.value);
    } else {
      tenant.active.insert(key_of(queue, lane));
    }
  });
  if (lane.flagged_at == 0 && lane.slots == 0) lanes_.erase(queue);
}

void FairPicker::flag(TenantId tenant, domain::QueueNo queue) {
  lanes_.try_emplace(queue).first->second.tenant = tenant;
  change_lane(queue, [this](Lane& lane, Tenant&) { lane.flagged_at = ++tick_; });
}

void FairPicker::clear(domain::QueueNo queue, std::uint64_t flagged_at) {
  change_lane(queue, [flagged_at](Lane& lane, Tenant&) {
    if (lane.flagged_at == flagged_at) lane.flagged_at = 0;
  });
}

void FairPicker::park(domain::QueueNo queue, std::uint64_t planned_at) {
  change_lane(queue, [this, planned_at](Lane& lane, Tenant& tenant) {
    const auto unparked_at = std::max(tenant.unparked_at, unparked_all_at_);
    if (lane.flagged_at != 0 && unparked_at < planned_at) lane.parked = true;
  });
}

void FairPicker::unpark(domain::QueueNo queue) {
  const auto found = lanes_.find(queue);
  if (found == lanes_.end() || !found->second.parked) return;
  change_lane(queue, [](Lane& lane, Tenant&) { lane.parked = false; });
}

void FairPicker::unpark_tenant(TenantId id) {
  const auto found = tenants_.find(id);
  if (found == tenants_.end()) return;
  found->second.unparked_at = ++tick_;
  const auto parked = found->second.parked;
  for (const auto queue : parked) unpark({queue});
}

void FairPicker::unpark_all() {
  unparked_all_at_ = ++tick_;
  std::vector<domain::QueueNo> parked;
  for (const auto& [queue, lane] : lanes_) {
    if (lane.parked) parked.push_back(queue);
  }
  for (const auto queue : parked) unpark(queue);
}

std::vector<FairPicker::Turn> FairPicker::plan(int at_most, int per_queue) {
  std::vector<Turn> turns;
  std::unordered_map<domain::QueueNo, std::size_t> place;
  std::vector<domain::QueueNo> full;
  for (; at_most > 0 && !active_.empty(); --at_most) {
    if (!may_take(std::get<0>(*active_.begin()))) break;
    const auto id = std::get<2>(*active_.begin());
    const domain::QueueNo queue{std::get<2>(*tenants_[id].active.begin())};
    const auto [at, is_new] = place.try_emplace(queue, turns.size());
    if (is_new) turns.push_back({id, queue, 0, lanes_[queue].flagged_at, tick_ + 1});
    auto& turn = turns[at->second];
    ++turn.count;
    ++in_use_;
    const auto now = ++tick_;
    change_lane(queue, [&](Lane& lane, Tenant& tenant) {
      ++lane.slots;
      ++tenant.slots;
      lane.served = tenant.served = now;
      lane.parked = turn.count >= per_queue;  // for the rest of this plan
    });
    if (turn.count >= per_queue) full.push_back(queue);
  }
  for (const auto queue : full) unpark(queue);
  return turns;
}

void FairPicker::release(domain::QueueNo queue, int slots) {
  if (slots <= 0) return;
  in_use_ -= slots;
  change_lane(queue, [slots](Lane& lane, Tenant& tenant) {
    lane.slots -= slots;
    tenant.slots -= slots;
  });
}

int FairPicker::slots_in_use(TenantId tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? 0 : found->second.slots;
}

}  // namespace belfry::dispatch
