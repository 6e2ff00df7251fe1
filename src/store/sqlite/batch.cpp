#include "store/sqlite/batch.hpp"

#include <unordered_set>

#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

namespace {

constexpr std::size_t kNamesKept = 10'000;

}  // namespace

std::size_t Batch::LaneHash::operator()(const Lane& lane) const noexcept {
  const auto mixed = static_cast<std::uint64_t>(lane.first) * 0x9e3779b97f4a7c15ULL ^
                     static_cast<std::uint64_t>(lane.second) * 0xc2b2ae3d27d4eb4fULL;
  return static_cast<std::size_t>(mixed ^ (mixed >> 29));
}

void Batch::add(const TotalKey& key, std::int64_t delta) {
  const Lane lane{key.tenant_no, key.queue_no};
  if (lane != last_lane_) {
    last_counts_ = &totals_[lane];
    last_tenant_ = &tenants_[key.tenant_no];
    last_lane_ = lane;
  }
  (*last_counts_)[static_cast<std::size_t>(key.status)] += delta;
  if (key.status == domain::Status::running) last_tenant_->running += delta;
  if (!domain::is_terminal(key.status)) last_tenant_->unfinished += delta;
}

std::uint32_t Batch::name_number(const std::string& name) {
  const auto [it, added] =
      name_numbers_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (added) names_.push_back(name);
  return it->second;
}

void Batch::count(const TotalKey& key, std::int64_t delta) {
  add(key, delta);
  counts_.emplace_back(key, delta);
}

void Batch::change(std::int64_t tenant_no, TaskChange change) {
  if (change.from) count({tenant_no, change.queue.value, *change.from}, -1);
  count({tenant_no, change.queue.value, change.to}, 1);
  committed_.changes.push_back(std::move(change));
}

Batch::Mark Batch::mark() const {
  return {committed_.changes.size(),
          counts_.size(),
          stored_.size(),
          events_.size(),
          committed_.changed_tenants.size(),
          committed_.deliveries_added};
}

void Batch::roll_back(const Mark& mark) {
  committed_.changes.resize(mark.changes);
  while (counts_.size() > mark.counts) {
    add(counts_.back().first, -counts_.back().second);
    counts_.pop_back();
  }
  while (stored_.size() > mark.stored) {
    tenants_[stored_.back().first].stored -= stored_.back().second;
    stored_.pop_back();
  }
  events_.resize(mark.events);
  committed_.deliveries_added = mark.deliveries_added;
  // What was read since the mark may be of rows that are gone.
  configuration_stale_ = true;
  committed_.changed_tenants.resize(mark.changed_tenants);
  committed_.configuration_changed = mark.changed_tenants > 0;
}

void Batch::roll_back_all() {
  roll_back({0, 0, 0, 0, 0, false});
  claimed_bytes_ = 0;
}

std::int64_t Batch::total(const TotalKey& key) const {
  const auto found = totals_.find({key.tenant_no, key.queue_no});
  return found == totals_.end() ? 0 : found->second[static_cast<std::size_t>(key.status)];
}

std::int64_t Batch::running_of_tenant(std::int64_t tenant_no) const {
  const auto found = tenants_.find(tenant_no);
  return found == tenants_.end() ? 0 : found->second.running;
}

std::int64_t Batch::unfinished_of_tenant(std::int64_t tenant_no) const {
  const auto found = tenants_.find(tenant_no);
  return found == tenants_.end() ? 0 : found->second.unfinished;
}

void Batch::load_total(const TotalKey& key, std::int64_t value) {
  add(key, value);
}

std::vector<std::pair<TotalKey, std::int64_t>> Batch::changed_totals() const {
  std::vector<std::pair<TotalKey, std::int64_t>> changed;
  std::unordered_set<TotalKey, TotalKeyHash> seen;
  for (const auto& [key, delta] : counts_) {
    if (seen.insert(key).second) changed.emplace_back(key, total(key));
  }
  return changed;
}

void Batch::store_bytes(std::int64_t tenant_no, std::int64_t delta) {
  tenants_[tenant_no].stored += delta;
  stored_.emplace_back(tenant_no, delta);
}

std::int64_t Batch::stored_of_tenant(std::int64_t tenant_no) const {
  const auto found = tenants_.find(tenant_no);
  return found == tenants_.end() ? 0 : found->second.stored;
}

std::vector<std::pair<std::int64_t, std::int64_t>> Batch::changed_stored() const {
  std::vector<std::pair<std::int64_t, std::int64_t>> changed;
  std::unordered_set<std::int64_t> seen;
  for (const auto& [tenant_no, delta] : stored_) {
    if (seen.insert(tenant_no).second) changed.emplace_back(tenant_no, stored_of_tenant(tenant_no));
  }
  return changed;
}

Committed Batch::finish() {
  counts_.clear();
  stored_.clear();
  events_.clear();
  claimed_bytes_ = 0;
  if (names_.size() > kNamesKept) {
    names_.clear();
    name_numbers_.clear();
  }
  return std::exchange(committed_, {});
}

}  // namespace belfry::store::sqlite
