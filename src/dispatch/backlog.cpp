#include "dispatch/backlog.hpp"

#include <algorithm>

namespace belfry::dispatch {
namespace {

void lower(std::optional<ParkedPlace>& best, ParkedPlace place) {
  best = best ? std::min(*best, place) : place;
}

}  // namespace

void Backlog::park(const http::Destination& to, ParkedPlace place) {
  auto& entry = entries_[to];
  lower(entry.best, place);
  lower(entry.put_off_since, place);
}

bool Backlog::comes_first(const http::Destination& to, ParkedPlace place) const {
  const auto found = entries_.find(to);
  return found != entries_.end() && found->second.best && *found->second.best < place;
}

void Backlog::unparking(const http::Destination& to) {
  const auto found = entries_.find(to);
  if (found != entries_.end()) found->second.put_off_since.reset();
}

void Backlog::unparked(const http::Destination& to, const std::vector<ParkedPlace>& tasks,
                       std::optional<ParkedPlace> next) {
  const auto found = entries_.find(to);
  if (found == entries_.end()) return;
  auto& entry = found->second;
  entry.best = entry.put_off_since;
  if (next) lower(entry.best, *next);
  if (!tasks.empty()) entry.last_unparked = tasks.back();
  if (entry.best) return;
  entries_.erase(found);
  if (!knows(to.tenant, to.origin)) turns_.erase({to.tenant, to.origin});
}

void Backlog::found(const http::Destination& to, ParkedPlace best) {
  auto& entry = entries_[to];
  entry.best = entry.put_off_since;
  lower(entry.best, best);
}

std::optional<ParkedPlace> Backlog::last_unparked(const http::Destination& to) const {
  const auto found = entries_.find(to);
  return found == entries_.end() ? std::nullopt : found->second.last_unparked;
}

bool Backlog::knows(TenantId tenant, const std::string& origin) const {
  const auto first = entries_.lower_bound({tenant, origin, ""});
  return first != entries_.end() && first->first.tenant == tenant && first->first.origin == origin;
}

std::optional<http::Destination> Backlog::next_turn(TenantId tenant, const std::string& origin) {
  const auto is_of_origin = [&](auto at) {
    return at != entries_.end() && at->first.tenant == tenant && at->first.origin == origin;
  };
  const auto last = turns_.find({tenant, origin});
  auto next = last == turns_.end() ? entries_.lower_bound({tenant, origin, ""})
                                   : entries_.upper_bound({tenant, origin, last->second});
  if (!is_of_origin(next)) next = entries_.lower_bound({tenant, origin, ""});
  if (!is_of_origin(next)) return std::nullopt;
  turns_[{tenant, origin}] = next->first.handler;
  return next->first;
}

std::vector<http::Destination> Backlog::destinations() const {
  std::vector<http::Destination> all;
  all.reserve(entries_.size());
  for (const auto& [to, entry] : entries_) all.push_back(to);
  return all;
}

}  // namespace belfry::dispatch
