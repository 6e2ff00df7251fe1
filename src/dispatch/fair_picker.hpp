#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "domain/queue.hpp"

namespace belfry::dispatch {

// Whose turn it is (DESIGN section 5): the tenant with the fewest slots in use over its weight,
// ties to the one served longest ago; then its queues likewise. Knows which queues may have ready
// work; the store knows the tasks. Pure bookkeeping, single-threaded; every step costs O(log n).
//
// However greedy some tenants are, and however long they keep their slots, one without a slot finds
// one: a tenant takes no more than eight times what is left to all of its weight (so that what is
// left shrinks, but never to nothing), and a tenth of the slots goes only to tenants that hold
// none.
class FairPicker {
 public:
  using WeightOf = std::function<int(TenantId)>;
  // `total`: the slots there are, at least 1.
  FairPicker(WeightOf weight_of, int total) : weight_of_(std::move(weight_of)), total_(total) {}

  // There may be ready work in this queue.
  void flag(TenantId tenant, domain::QueueNo queue);
  // There is none: the claim that was planned at `flagged_at` came back short. Ignored if the queue
  // was flagged again since.
  void clear(domain::QueueNo queue, std::uint64_t flagged_at);
  // Not now: a limit or a pause. Until `unpark_tenant` or `unpark_all`; ignored if one of them came
  // after the claim was planned, since what it told of may be what the claim was held by.
  void park(domain::QueueNo queue, std::uint64_t planned_at);
  void unpark(domain::QueueNo queue);
  void unpark_tenant(TenantId tenant);
  void unpark_all();

  struct Turn {
    TenantId tenant;
    domain::QueueNo queue;
    int count = 0;
    std::uint64_t flagged_at = 0;
    std::uint64_t planned_at = 0;
  };
  // Hands out up to `at_most` of the slots that are free, at most `per_queue` to one queue, and
  // counts them as slots in use; a queue's turns come as one entry.
  std::vector<Turn> plan(int at_most, int per_queue);
  // Slots that a claim did not use, or that a finished attempt gives back.
  void release(domain::QueueNo queue, int slots);

  int slots_in_use(TenantId tenant) const;
  int slots_in_use() const { return in_use_; }
  std::size_t flagged() const { return active_.size(); }

 private:
  struct Lane {
    TenantId tenant;
    int slots = 0;
    std::uint64_t served = 0;
    std::uint64_t flagged_at = 0;  // 0: no work known
    bool parked = false;
  };
  using LaneKey = std::tuple<int, std::uint64_t, std::int64_t>;  // slots, served, queue
  struct Tenant {
    int slots = 0;
    std::uint64_t served = 0;
    double share = 0;  // as it stands in active_
    std::set<LaneKey> active;
    std::set<std::int64_t> parked;
    std::uint64_t unparked_at = 0;
  };
  using TenantKey = std::tuple<double, std::uint64_t, TenantId>;  // share, served

  // Whether the tenant whose slots over its weight are the fewest may take one more; if it may not,
  // nobody may.
  bool may_take(double share) const;
  LaneKey key_of(domain::QueueNo queue, const Lane& lane) const;
  // Takes a tenant (and lane) out of the order while its numbers change, and puts it back.
  template <class Change>
  void change_tenant(TenantId id, Change change);
  template <class Change>
  void change_lane(domain::QueueNo queue, Change change);

  WeightOf weight_of_;
  int total_;
  std::unordered_map<TenantId, Tenant> tenants_;
  std::unordered_map<domain::QueueNo, Lane> lanes_;
  std::set<TenantKey> active_;  // tenants with flagged lanes
  std::uint64_t tick_ = 0;
  std::uint64_t unparked_all_at_ = 0;
  int in_use_ = 0;
};

}  // namespace belfry::dispatch
