#include "webhook/lineup.hpp"

#include <algorithm>

namespace belfry::webhook {

Lineup::Lineup(http::DestinationGate::Parts parts, LineupOptions options)
    : options_(options), gate_(std::move(parts), options.gate) {}

bool Lineup::full() const {
  return in_flight_ >= options_.in_flight_max;
}

std::optional<Lineup::Start> Lineup::try_start(Parcel& parcel) {
  auto& tenant = tenants_[parcel.row.tenant];
  if (in_flight_ >= options_.in_flight_max) return std::nullopt;
  if (tenant.in_flight >= options_.in_flight_per_tenant) return std::nullopt;
  auto pass = gate_.try_enter(parcel.destination);
  if (!pass) return std::nullopt;
  ++in_flight_;
  ++tenant.in_flight;
  return Start{std::move(parcel), std::move(pass)};
}

bool Lineup::refuses(const http::Destination& to) const {
  return gate_.standing(to).kind == http::Standing::Kind::open && gate_.crowded(to);
}

int Lineup::room(const http::Destination& to) const {
  if (full()) return 0;
  const auto line = lines_.find(to);
  const auto held = line == lines_.end() ? 0 : line->second.size();
  const auto left = options_.held_per_line - std::min(held, options_.held_per_line);
  return std::min(gate_.room(to), static_cast<int>(left));
}

Lineup::Place Lineup::place(Parcel parcel) {
  parcel.destination = gate_.entry_of(std::move(parcel.destination));
  if (refuses(parcel.destination)) return Refused{std::move(parcel)};
  const auto line = lines_.find(parcel.destination);
  const std::size_t before = line == lines_.end() ? 0 : line->second.size();
  if (before == 0) {
    if (auto start = try_start(parcel)) return std::move(*start);
  }
  // Who stands in line is called when a call of its tenant ends, so there must be one.
  const auto tenant = tenants_.find(parcel.row.tenant);
  const bool called = tenant != tenants_.end() && tenant->second.in_flight > 0;
  const bool room = called && held_ < options_.held_max &&
                    tenant->second.held < options_.held_per_tenant &&
                    before < options_.held_per_line;
  if (!called && tenant != tenants_.end()) tenants_.erase(tenant);
  if (!room) return PutOff{gate_.put_off(parcel.destination)};
  hold(std::move(parcel), tenant->second);
  return Held{};
}

void Lineup::hold(Parcel parcel, Tenant& tenant) {
  auto& line = lines_[parcel.destination];
  if (line.empty()) tenant.lines.push_back(parcel.destination);
  ++held_;
  ++tenant.held;
  line.push_back(std::move(parcel));
}

void Lineup::take_front(const http::Destination& destination, Tenant& tenant) {
  const auto line = lines_.find(destination);
  line->second.pop_front();
  if (line->second.empty()) lines_.erase(line);
  --held_;
  --tenant.held;
}

// The tenant's lines take turns.
std::optional<Lineup::Start> Lineup::next_of(Tenant& tenant) {
  for (auto tries = tenant.lines.size(); tries > 0; --tries) {
    const auto destination = std::move(tenant.lines.front());
    tenant.lines.pop_front();
    auto start = try_start(lines_[destination].front());
    if (start) take_front(destination, tenant);
    if (lines_.contains(destination)) tenant.lines.push_back(destination);
    if (start) return start;
  }
  return std::nullopt;
}

// A destination that is not called for a while keeps nobody in memory.
void Lineup::empty_refused_line(const http::Destination& destination, Tenant& tenant, Next& next) {
  if (gate_.standing(destination).kind != http::Standing::Kind::open) return;
  for (auto line = lines_.find(destination); line != lines_.end();
       line = lines_.find(destination)) {
    next.refused.push_back(std::move(line->second.front()));
    take_front(destination, tenant);
  }
  std::erase(tenant.lines, destination);
}

Lineup::Next Lineup::ended(const Parcel& parcel, http::DestinationGate::Pass pass,
                           const http::CallEnd& end) {
  Next next;
  pass.done(end);
  --in_flight_;
  auto& tenant = tenants_[parcel.row.tenant];
  --tenant.in_flight;
  empty_refused_line(parcel.destination, tenant, next);
  while (auto start = next_of(tenant)) next.starts.push_back(std::move(*start));
  if (tenant.in_flight == 0 && tenant.held == 0) tenants_.erase(parcel.row.tenant);
  return next;
}

void Lineup::close() {
  lines_.clear();
  for (auto& [id, tenant] : tenants_) {
    tenant.lines.clear();
    tenant.held = 0;
  }
  held_ = 0;
}

}  // namespace belfry::webhook
