#include "store/event_feed.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <limits>
#include <list>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace belfry::store {

namespace {

constexpr std::chrono::minutes kKeptAfterLastListener{10};
constexpr std::chrono::minutes kSweepEvery{1};
// No ring is filled faster than this for long.
constexpr std::uint64_t kNumbersAMilli = 1'000;

using Steady = std::chrono::steady_clock::time_point;

struct Ring {
  std::uint64_t first = 0;   // the position before anything: numbers start above it
  std::uint64_t newest = 0;  // the last number given
  std::deque<FeedItem> items;
  Steady last_used;
  std::list<const std::function<void()>*> listeners;

  void wake_listeners() const {
    for (const auto* wake : listeners) (*wake)();
  }

  void trim(std::size_t most) {
    while (items.size() > most) items.pop_front();
  }

  // Is everything after `position` still here?
  bool holds(std::uint64_t position) const {
    return position >= std::max(first, newest - items.size()) && position <= newest;
  }
};

}  // namespace

// Wake-ups run under the mutex: once a subscription is gone its callback is over, too.
struct EventFeed::State {
  State(Options o, std::string boot, const Clock& c)
      : options(o), boot_id(std::move(boot)), clock(c) {}

  const Options options;
  const std::string boot_id;
  const Clock& clock;

  std::mutex mutex;
  std::unordered_map<TenantId, Ring> rings;
  Steady swept;

  Ring& ring(TenantId tenant);
  std::size_t ring_items() const;
  void drop(std::unordered_map<TenantId, Ring>::iterator at);
  void drop_idle_longest();
  void sweep();
  std::optional<std::uint64_t> parse(std::string_view event_id) const;
};

struct EventFeed::Subscription::Entry {
  std::shared_ptr<State> state;
  TenantId tenant;
  std::function<void()> wake;
  std::list<const std::function<void()>*>::iterator place;

  ~Entry() {
    const std::lock_guard lock(state->mutex);
    // A ring with listeners is never dropped.
    auto& ring = state->rings.at(tenant);
    ring.listeners.erase(place);
    ring.last_used = state->clock.steady_now();
  }
};

Ring& EventFeed::State::ring(TenantId tenant) {
  const auto found = rings.find(tenant);
  if (found != rings.end()) {
    found->second.last_used = clock.steady_now();
    return found->second;
  }
  if (rings.size() >= options.rings) drop_idle_longest();
  auto& made = rings[tenant];
  // By the time, so that an id of a ring of this tenant that was dropped is recognised as lost; and
  // no tenant's numbers tell of another's (PROMISES P12).
  made.first = made.newest = static_cast<std::uint64_t>(to_ms(clock.now())) * kNumbersAMilli;
  made.last_used = clock.steady_now();
  return made;
}

std::size_t EventFeed::State::ring_items() const {
  const auto share = options.items / std::max<std::size_t>(rings.size(), 1);
  return std::clamp(share, std::min(options.ring_items_min, options.ring_items),
                    options.ring_items);
}

void EventFeed::State::drop(std::unordered_map<TenantId, Ring>::iterator at) {
  rings.erase(at);
}

void EventFeed::State::drop_idle_longest() {
  auto longest = rings.end();
  for (auto it = rings.begin(); it != rings.end(); ++it) {
    if (!it->second.listeners.empty()) continue;
    if (longest == rings.end() || it->second.last_used < longest->second.last_used) longest = it;
  }
  if (longest != rings.end()) drop(longest);
}

void EventFeed::State::sweep() {
  const auto now = clock.steady_now();
  if (now - swept < kSweepEvery) return;
  swept = now;
  for (auto it = rings.begin(); it != rings.end();) {
    const auto at = it++;
    auto& ring = at->second;
    ring.trim(ring_items());
    if (ring.listeners.empty() && now - ring.last_used >= kKeptAfterLastListener) drop(at);
  }
}

std::optional<std::uint64_t> EventFeed::State::parse(std::string_view event_id) const {
  if (!event_id.starts_with(boot_id)) return std::nullopt;
  event_id.remove_prefix(boot_id.size());
  if (!event_id.starts_with('-')) return std::nullopt;
  event_id.remove_prefix(1);
  std::uint64_t number = 0;
  const auto* const end = event_id.data() + event_id.size();
  const auto [stop, error] = std::from_chars(event_id.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

EventFeed::EventFeed(Options options, std::string boot_id, const Clock& clock)
    : state_(std::make_shared<State>(options, std::move(boot_id), clock)) {}
EventFeed::~EventFeed() = default;

EventFeed::Subscription::~Subscription() = default;
EventFeed::Subscription::Subscription(Subscription&&) noexcept = default;
EventFeed::Subscription& EventFeed::Subscription::operator=(Subscription&&) noexcept = default;

void EventFeed::on_commit(const Committed& committed) {
  const std::lock_guard lock(state_->mutex);
  if (state_->rings.empty()) return;
  state_->sweep();
  std::unordered_set<Ring*> touched;
  const auto most = state_->ring_items();
  for (const auto& change : committed.changes) {
    const auto found = state_->rings.find(change.tenant);
    if (found == state_->rings.end()) continue;
    auto& ring = found->second;
    ring.items.push_back({.number = ++ring.newest, .change = change});
    ring.trim(most);
    touched.insert(&ring);
  }
  for (const auto tenant : committed.changed_tenants) {
    const auto found = state_->rings.find(tenant);
    if (found != state_->rings.end()) touched.insert(&found->second);
  }
  if (committed.configuration_changed && committed.changed_tenants.empty()) {
    for (auto& [tenant, ring] : state_->rings) touched.insert(&ring);
  }
  for (const auto* ring : touched) ring->wake_listeners();
}

void EventFeed::wake(TenantId tenant) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->rings.find(tenant);
  if (found != state_->rings.end()) found->second.wake_listeners();
}

EventFeed::Subscription EventFeed::subscribe(TenantId tenant, std::function<void()> wake) {
  auto entry = std::make_shared<Subscription::Entry>();
  entry->state = state_;
  entry->tenant = tenant;
  entry->wake = std::move(wake);
  {
    const std::lock_guard lock(state_->mutex);
    auto& listeners = state_->ring(tenant).listeners;
    entry->place = listeners.insert(listeners.end(), &entry->wake);
  }
  Subscription subscription;
  subscription.entry_ = std::move(entry);
  return subscription;
}

EventFeed::Batch EventFeed::take(TenantId tenant, std::uint64_t position, std::size_t limit) {
  const std::lock_guard lock(state_->mutex);
  const auto& ring = state_->ring(tenant);
  if (!ring.holds(position)) return {.position = ring.newest, .reset = true};
  Batch batch{.position = position};
  const auto skip = ring.items.size() - static_cast<std::size_t>(ring.newest - position);
  for (auto i = skip; i < ring.items.size() && batch.items.size() < limit; ++i) {
    batch.items.push_back(ring.items[i]);
    batch.position = ring.items[i].number;
  }
  return batch;
}

EventFeed::Batch EventFeed::start(TenantId tenant, std::optional<std::string_view> last_event_id) {
  const std::lock_guard lock(state_->mutex);
  const auto& ring = state_->ring(tenant);
  if (!last_event_id) return {.position = ring.newest};
  const auto position = state_->parse(*last_event_id);
  if (!position || !ring.holds(*position)) return {.position = ring.newest, .reset = true};
  return {.position = *position};
}

std::string EventFeed::event_id(std::uint64_t number) const {
  return state_->boot_id + "-" + std::to_string(number);
}

}  // namespace belfry::store
