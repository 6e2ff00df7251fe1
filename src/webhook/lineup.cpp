#include "webhook/lineup.hpp"

#include <algorithm>

namespace belfry::webhook {
namespace {

// How much the newest call counts in a destination's pace.
constexpr double kNewest = 0.2;
constexpr Millis kShortestWait{250};

}  // namespace

Lineup::Lineup(boost::asio::any_io_executor executor, const Clock& clock, LineupOptions options)
    : clock_(clock), options_(options), gate_(std::move(executor), clock, options.gate) {}

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

Lineup::Place Lineup::place(Parcel parcel) {
  if (lines_.size() >= sweep_at_) forget_idle();
  const auto closed = gate_.closed_until(parcel.destination);
  const auto line = lines_.find(parcel.destination);
  const bool others_wait = line != lines_.end() && !line->second.waiting.empty();
  if (!closed && !others_wait) {
    if (auto start = try_start(parcel)) return std::move(*start);
  }
  const auto& tenant = tenants_[parcel.row.tenant];
  // Who stands in line is called when a call of its tenant ends, so there must be one.
  const bool room = tenant.in_flight > 0 && held_ < options_.held_max &&
                    tenant.held < options_.held_per_tenant &&
                    (!others_wait || line->second.waiting.size() < options_.held_per_line);
  if (closed || !room) return PutOff{put_off_until(parcel.destination)};
  hold(std::move(parcel));
  return Held{};
}

void Lineup::hold(Parcel parcel) {
  auto& tenant = tenants_[parcel.row.tenant];
  auto& line = lines_[parcel.destination];
  if (line.waiting.empty()) tenant.lines.push_back(parcel.destination);
  ++held_;
  ++tenant.held;
  line.waiting.push_back(std::move(parcel));
}

// Each one after the other at the pace at which the destination has answered, but not for ever: it
// may have become quicker, or well again.
Timestamp Lineup::put_off_until(const std::string& destination) {
  auto& line = lines_[destination];
  const auto now = clock_.now();
  const auto earliest =
      std::max(now + kShortestWait, gate_.closed_until(destination).value_or(now));
  const auto step = line.duration_ms / std::max(gate_.window(destination), 1);
  const auto latest = earliest + options_.spread_max;
  line.tail = std::clamp(line.tail + Millis{static_cast<std::int64_t>(step)}, earliest, latest);
  return line.tail;
}

Parcel Lineup::take(Tenant& tenant, Line& line) {
  auto parcel = std::move(line.waiting.front());
  line.waiting.pop_front();
  --held_;
  --tenant.held;
  return parcel;
}

// The tenant's lines take turns.
std::optional<Lineup::Start> Lineup::next_of(Tenant& tenant) {
  for (auto tries = tenant.lines.size(); tries > 0; --tries) {
    const auto destination = std::move(tenant.lines.front());
    tenant.lines.pop_front();
    auto& line = lines_[destination];
    auto start = try_start(line.waiting.front());
    if (start) {
      line.waiting.pop_front();
      --held_;
      --tenant.held;
    }
    if (!line.waiting.empty()) tenant.lines.push_back(destination);
    if (start) return start;
  }
  return std::nullopt;
}

// A destination that is not called for a while keeps nobody in memory.
void Lineup::empty_closed_line(const std::string& destination, Tenant& tenant, Next& next) {
  if (!gate_.closed_until(destination)) return;
  const auto found = lines_.find(destination);
  if (found == lines_.end() || found->second.waiting.empty()) return;
  while (!found->second.waiting.empty()) {
    const auto id = take(tenant, found->second).row.id;
    next.put_off.emplace_back(id, put_off_until(destination));
  }
  std::erase(tenant.lines, destination);
}

Lineup::Next Lineup::ended(const Parcel& parcel, http::DestinationGate::Pass pass,
                           std::optional<bool> healthy, Millis duration) {
  Next next;
  if (healthy) {
    auto& line = lines_[parcel.destination];
    line.duration_ms += kNewest * (static_cast<double>(duration.count()) - line.duration_ms);
    pass.done(*healthy);
  } else {
    pass = {};
  }
  --in_flight_;
  auto& tenant = tenants_[parcel.row.tenant];
  --tenant.in_flight;
  empty_closed_line(parcel.destination, tenant, next);
  while (auto start = next_of(tenant)) next.starts.push_back(std::move(*start));
  if (tenant.in_flight == 0 && tenant.held == 0) tenants_.erase(parcel.row.tenant);
  return next;
}

void Lineup::close() {
  for (auto& [destination, line] : lines_) line.waiting.clear();
  for (auto& [id, tenant] : tenants_) {
    tenant.lines.clear();
    tenant.held = 0;
  }
  held_ = 0;
}

// What a destination's pace was is worth little memory; lines with somebody in them stay.
void Lineup::forget_idle() {
  const auto now = clock_.now();
  std::erase_if(lines_, [now](const auto& entry) {
    return entry.second.waiting.empty() && entry.second.tail <= now;
  });
  std::erase_if(tenants_, [](const auto& entry) {
    return entry.second.in_flight == 0 && entry.second.held == 0;
  });
  sweep_at_ = std::max<std::size_t>(1'024, 2 * lines_.size());
}

}  // namespace belfry::webhook
