#include "store/sqlite/batch.hpp"

#include <unordered_set>

#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

namespace {

std::int64_t found(const auto& map, const auto& key) {
  const auto it = map.find(key);
  return it == map.end() ? 0 : it->second;
}

}  // namespace

void Batch::add(const TotalKey& key, std::int64_t delta) {
  totals_[key] += delta;
  if (key.status == domain::Status::running) running_[key.tenant_no] += delta;
  if (!domain::is_terminal(key.status)) unfinished_[key.tenant_no] += delta;
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
  return {committed_.changes.size(), counts_.size(), events_.size(), committed_.deliveries_added,
          committed_.configuration_changed};
}

void Batch::roll_back(const Mark& mark) {
  committed_.changes.resize(mark.changes);
  while (counts_.size() > mark.counts) {
    add(counts_.back().first, -counts_.back().second);
    counts_.pop_back();
  }
  events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(mark.events), events_.end());
  committed_.deliveries_added = mark.deliveries_added;
  // What was read since the mark may be of rows that are gone.
  configuration_stale_ = true;
  committed_.configuration_changed = mark.configuration_changed;
}

void Batch::roll_back_all() {
  roll_back({0, 0, 0, false, false});
}

std::int64_t Batch::total(const TotalKey& key) const {
  return found(totals_, key);
}

std::int64_t Batch::running_of_tenant(std::int64_t tenant_no) const {
  return found(running_, tenant_no);
}

std::int64_t Batch::unfinished_of_tenant(std::int64_t tenant_no) const {
  return found(unfinished_, tenant_no);
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

Committed Batch::finish() {
  counts_.clear();
  events_.clear();
  return std::exchange(committed_, {});
}

}  // namespace belfry::store::sqlite
