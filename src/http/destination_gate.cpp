#include "http/destination_gate.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace belfry::http {

namespace asio = boost::asio;

namespace {

// How much the newest call counts in a destination's pace.
constexpr double kNewest = 0.2;
constexpr Millis kShortestPutOff{250};
constexpr double kLeastPaceMs = 20;
// Between two that are put off, however many they are: so the work of putting off stays bounded.
constexpr Millis kLeastSpacing{2};
// After so many of its longest intervals without a probe, an open breaker is forgotten.
constexpr int kProbesMissed = 10;

}  // namespace

DestinationGate::DestinationGate(asio::any_io_executor executor, const Clock& clock,
                                 GateOptions options)
    : executor_(std::move(executor)), clock_(clock), options_(options) {}

DestinationGate::~DestinationGate() = default;

std::optional<Timestamp> DestinationGate::closed_until(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.open_until) return std::nullopt;
  const auto& entry = found->second;
  if (!entry.probing && *entry.open_until <= clock_.now()) return std::nullopt;
  return std::max(*entry.open_until, clock_.now() + Millis{1'000});
}

bool DestinationGate::refuses(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.open_until) return false;
  return !found->second.probing && *found->second.open_until > clock_.now();
}

std::optional<Timestamp> DestinationGate::open_since(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? std::nullopt : found->second.open_since;
}

int DestinationGate::first_window() const {
  return options_.in_flight_first > 0 ? options_.in_flight_first : options_.in_flight_max;
}

int DestinationGate::window_of(const Entry& entry) const {
  return entry.window > 0 ? entry.window : first_window();
}

// How long a call takes, or has taken so far with no end in sight.
double DestinationGate::pace_ms(const Entry& entry) const {
  if (entry.in_flight == 0) return entry.duration_ms;
  const auto quiet = static_cast<double>((clock_.now() - entry.busy_since).count());
  return std::max(entry.duration_ms, quiet);
}

bool DestinationGate::crowded(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || may_enter(found->second)) return false;
  const auto& entry = found->second;
  const auto turns = static_cast<double>(entry.waiting.size()) / window_of(entry);
  return turns * pace_ms(entry) > static_cast<double>(options_.wait_max.count());
}

Timestamp DestinationGate::put_off(const std::string& key) {
  if (entries_.size() >= sweep_at_) forget_idle();
  auto& entry = entries_[key];
  const auto now = clock_.now();
  const auto earliest = std::max(now + kShortestPutOff, closed_until(key).value_or(now));
  const auto step = std::max(pace_ms(entry), kLeastPaceMs) / window_of(entry);
  const auto latest = std::max(earliest + options_.put_off_max, entry.tail + kLeastSpacing);
  entry.tail = std::clamp(entry.tail + Millis{static_cast<std::int64_t>(step)}, earliest, latest);
  return entry.tail;
}

bool DestinationGate::may_enter(const Entry& entry) const {
  if (entry.open_until) return !entry.probing && *entry.open_until <= clock_.now();
  return entry.in_flight < window_of(entry);
}

void DestinationGate::take(Entry& entry) {
  if (entry.in_flight == 0) entry.busy_since = clock_.now();
  ++entry.in_flight;
  if (entry.open_until) entry.probing = true;
}

DestinationGate::Pass DestinationGate::try_enter(const std::string& key) {
  auto& entry = entries_[key];
  if (!may_enter(entry)) return {};
  take(entry);
  return Pass(this, key, clock_.now(), entry.probing);
}

asio::awaitable<DestinationGate::Pass> DestinationGate::enter(std::string key) {
  const auto deadline = std::chrono::steady_clock::now() + options_.wait_max;
  for (;;) {
    if (auto pass = try_enter(key)) co_return pass;
    auto& entry = entries_[key];
    if (entry.open_until) co_return Pass{};
    const auto turn = std::make_shared<asio::steady_timer>(executor_, deadline);
    entry.waiting.push_back(turn);
    boost::system::error_code woken;
    co_await turn->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    // Whoever lets us in has taken us off the queue; if we still stand there, the time is over, or
    // we were cancelled.
    auto& queue = entries_[key].waiting;
    const auto still = std::find(queue.begin(), queue.end(), turn);
    if (still == queue.end()) continue;
    queue.erase(still);
    co_return Pass{};
  }
}

void DestinationGate::judge(Entry& entry, bool healthy) {
  if (options_.in_flight_first > 0) {
    const int window = window_of(entry);
    entry.window = healthy ? std::min(window + 1, options_.in_flight_max) : std::max(window / 2, 1);
  }
  if (healthy) {
    entry.failures = 0;
    entry.open_since.reset();
    entry.open_until.reset();
    entry.probe_wait = Millis{0};
    return;
  }
  if (++entry.failures < options_.failures_to_open) return;
  entry.probe_wait = entry.probe_wait == Millis{0}
                         ? options_.probe_first
                         : std::min(entry.probe_wait * 2, options_.probe_max);
  if (!entry.open_since) entry.open_since = clock_.now();
  entry.open_until = clock_.now() + entry.probe_wait;
}

void DestinationGate::leave(const Pass& pass, std::optional<bool> healthy) {
  auto& entry = entries_[pass.key_];
  --entry.in_flight;
  if (healthy) {
    const auto took = static_cast<double>((clock_.now() - pass.since_).count());
    const bool first = entry.duration_ms == 0;
    entry.duration_ms += (first ? 1 : kNewest) * (took - entry.duration_ms);
    entry.busy_since = clock_.now();
  }
  const bool was_open = entry.open_until.has_value();
  if (pass.probe_) entry.probing = false;
  // While it is open, what was called before it opened tells of the past.
  if (healthy && (!was_open || pass.probe_)) judge(entry, *healthy);
  // One leaves, one may enter; when the breaker opens, all who wait learn of it.
  std::size_t wake = entry.open_until ? entry.waiting.size() : 1;
  if (was_open && !entry.open_until) wake = entry.waiting.size();
  for (; wake > 0 && !entry.waiting.empty(); --wake) {
    const auto next = entry.waiting.front();
    entry.waiting.pop_front();
    next->cancel();
  }
  if (!worth_keeping(entry)) {
    entries_.erase(pass.key_);
  } else if (entries_.size() >= sweep_at_) {
    forget_idle();
  }
}

bool DestinationGate::open_still(const Entry& entry) const {
  return entry.open_until && *entry.open_until + kProbesMissed * options_.probe_max > clock_.now();
}

bool DestinationGate::worth_keeping(const Entry& entry) const {
  if (entry.in_flight > 0 || !entry.waiting.empty()) return true;
  if (entry.open_until) return open_still(entry);
  return entry.failures > 0 || window_of(entry) > first_window() || entry.tail > clock_.now();
}

// Beyond keys_max only what is in use, or open, is kept.
void DestinationGate::forget_idle() {
  const bool too_many = entries_.size() > options_.keys_max;
  std::erase_if(entries_, [&](const auto& item) {
    const auto& entry = item.second;
    const bool in_use = entry.in_flight > 0 || !entry.waiting.empty() || open_still(entry);
    return too_many ? !in_use : !worth_keeping(entry);
  });
  sweep_at_ = std::max<std::size_t>(1'024, 2 * entries_.size());
}

DestinationGate::Pass::Pass(Pass&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)),
      key_(std::move(other.key_)),
      since_(other.since_),
      probe_(other.probe_) {}

DestinationGate::Pass& DestinationGate::Pass::operator=(Pass&& other) noexcept {
  if (this != &other) {
    give_back(std::nullopt);
    gate_ = std::exchange(other.gate_, nullptr);
    key_ = std::move(other.key_);
    since_ = other.since_;
    probe_ = other.probe_;
  }
  return *this;
}

DestinationGate::Pass::~Pass() {
  give_back(std::nullopt);
}

void DestinationGate::Pass::done(bool healthy) {
  give_back(healthy);
}

void DestinationGate::Pass::give_back(std::optional<bool> healthy) {
  if (auto* gate = std::exchange(gate_, nullptr)) gate->leave(*this, healthy);
}

}  // namespace belfry::http
