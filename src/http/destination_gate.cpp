#include "http/destination_gate.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace belfry::http {

namespace asio = boost::asio;

namespace {

// How much the newest call counts in a handler's pace.
constexpr double kNewest = 0.2;
constexpr Millis kShortestPutOff{250};
constexpr double kLeastPaceMs = 20;
// Between two that are put off, however many they are: so the work of putting off stays bounded.
constexpr Millis kLeastSpacing{2};
// After so many of its longest intervals without a probe, an open breaker is forgotten.
constexpr int kProbesMissed = 10;
// One part in so many of an origin's calls is kept for handlers that hold few calls, so that slow
// handlers never take all of them.
constexpr int kReservedPart = 8;
constexpr int kFewCallsPart = 32;

}  // namespace

Destination destination_of(TenantId tenant, const Url& url) {
  return {tenant, url.origin(), url.target.substr(0, url.target.find('?'))};
}

struct DestinationGate::Handler {
  Destination name;
  Breaker breaker;
  int in_flight = 0;
  int window = 1;
  double duration_ms = 0;  // of a call, smoothed; 0: none has ended yet
  Timestamp busy_since;    // when a call last ended, or began while none was under way
  Timestamp full_since;    // since when calls have been waiting
  Timestamp tail;          // until when the last one was put off
  std::optional<Timestamp> paused_until;
  Line line;
};

struct DestinationGate::Origin {
  Breaker breaker;
  std::optional<Timestamp> unresolved_since;
  int in_flight = 0;
  std::map<std::string, Handler> handlers;
  std::size_t waiting = 0;  // in all lines
};

DestinationGate::DestinationGate(Parts parts, GateOptions options)
    : parts_(std::move(parts)), options_(options) {}

DestinationGate::~DestinationGate() = default;

const DestinationGate::Handler* DestinationGate::find(const Destination& to,
                                                      const Origin*& origin) const {
  const auto found = origins_.find({to.tenant, to.origin});
  origin = found == origins_.end() ? nullptr : found->second.get();
  if (origin == nullptr) return nullptr;
  const auto handler = origin->handlers.find(to.handler);
  return handler == origin->handlers.end() ? nullptr : &handler->second;
}

DestinationGate::Handler& DestinationGate::get(const Destination& to, Origin*& origin) {
  if (origins_.size() >= sweep_at_) forget_idle();
  auto& owned = origins_[{to.tenant, to.origin}];
  if (!owned) owned = std::make_unique<Origin>();
  origin = owned.get();
  const auto found = origin->handlers.find(to.handler);
  if (found != origin->handlers.end()) return found->second;
  if (origin->handlers.size() >= kHandlersPerOrigin) forget_handlers(*origin);
  auto& handler = origin->handlers[to.handler];
  handler.name = to;
  handler.window = options_.handler_first;
  return handler;
}

Destination DestinationGate::entry_of(Destination destination) const {
  const Origin* origin = nullptr;
  if (find(destination, origin) != nullptr || origin == nullptr) return destination;
  if (origin->handlers.size() < kHandlersPerOrigin) return destination;
  const auto kept =
      std::ranges::count_if(origin->handlers, [&](const auto& item) { return busy(item.second); });
  if (static_cast<std::size_t>(kept) >= kHandlersPerOrigin) destination.handler.clear();
  return destination;
}

Standing DestinationGate::standing(const Destination& to) const {
  const Origin* origin = nullptr;
  const auto* handler = find(to, origin);
  Standing standing;
  if (origin == nullptr) return standing;
  const auto tell_open = [&](const Breaker& breaker) {
    const bool first = standing.kind != Standing::Kind::open;
    standing.kind = Standing::Kind::open;
    standing.since = first ? *breaker.since() : std::min(standing.since, *breaker.since());
    standing.failed_probe = std::max(standing.failed_probe, breaker.failed_probe());
    if (!first) return;
    standing.error = breaker.last_error();
    standing.next_call = breaker.next_probe();
  };
  standing.origin = origin->breaker.open();
  if (standing.origin) tell_open(origin->breaker);
  if (handler == nullptr) return standing;
  if (handler->breaker.open()) tell_open(handler->breaker);
  if (standing.kind == Standing::Kind::open || may_enter(*origin, *handler)) return standing;
  standing.kind = Standing::Kind::busy;
  standing.since = handler->full_since == Timestamp{} ? parts_.clock.now() : handler->full_since;
  standing.next_call = handler->paused_until;
  return standing;
}

std::optional<Timestamp> DestinationGate::unresolved_since(const Destination& to) const {
  const Origin* origin = nullptr;
  find(to, origin);
  return origin == nullptr ? std::nullopt : origin->unresolved_since;
}

// How long a call takes, or has taken so far with no end in sight.
double DestinationGate::pace_ms(const Handler& handler) const {
  if (handler.in_flight == 0) return handler.duration_ms;
  const auto quiet = static_cast<double>((parts_.clock.now() - handler.busy_since).count());
  return std::max(handler.duration_ms, quiet);
}

bool DestinationGate::blocked(const Origin& origin, const Handler& handler) const {
  const auto now = parts_.clock.now();
  if (handler.paused_until && *handler.paused_until > now) return true;
  if (!origin.breaker.admits(now)) return true;
  // The probe of an open origin is the probe of its handler as well.
  return origin.breaker.open() ? handler.breaker.probing() : !handler.breaker.admits(now);
}

bool DestinationGate::may_enter(const Origin& origin, const Handler& handler) const {
  if (blocked(origin, handler)) return false;
  if (origin.breaker.open() || handler.breaker.open()) return true;
  if (handler.in_flight >= std::min(handler.window, options_.handler_max)) return false;
  const bool holds_few = handler.in_flight < std::max(1, options_.in_flight_max / kFewCallsPart);
  const int reserved = holds_few ? 0 : options_.in_flight_max / kReservedPart;
  return origin.in_flight < options_.in_flight_max - reserved;
}

bool DestinationGate::crowded(const Destination& to) const {
  const Origin* origin = nullptr;
  const auto* handler = find(to, origin);
  if (handler == nullptr) return origin != nullptr && !origin->breaker.admits(parts_.clock.now());
  if (may_enter(*origin, *handler)) return false;
  if (blocked(*origin, *handler)) return true;
  const auto turns = static_cast<double>(handler->line.size()) / handler->window;
  return turns * pace_ms(*handler) > static_cast<double>(options_.wait_max.count());
}

int DestinationGate::room(const Destination& to) const {
  const Origin* origin = nullptr;
  const auto* handler = find(to, origin);
  if (handler == nullptr)
    return origin != nullptr && !origin->breaker.admits(parts_.clock.now())
               ? 0
               : options_.handler_first;
  if (blocked(*origin, *handler)) return 0;
  if (origin->breaker.open() || handler->breaker.open()) return 1;
  const int window = std::min(handler->window, options_.handler_max);
  const auto turns =
      static_cast<double>(options_.wait_max.count()) / std::max(pace_ms(*handler), kLeastPaceMs);
  const int wanted = static_cast<int>(window * std::max(1.0, turns));
  return std::max(0, wanted - handler->in_flight - static_cast<int>(handler->line.size()));
}

Timestamp DestinationGate::put_off(const Destination& to) {
  Origin* origin = nullptr;
  auto& handler = get(to, origin);
  const auto now = parts_.clock.now();
  const auto earliest = std::max(now + kShortestPutOff, standing(to).next_call.value_or(now));
  const auto step = std::max(pace_ms(handler), kLeastPaceMs) / handler.window;
  const auto latest = std::max(earliest + options_.put_off_max, handler.tail + kLeastSpacing);
  handler.tail =
      std::clamp(handler.tail + Millis{static_cast<std::int64_t>(step)}, earliest, latest);
  return handler.tail;
}

DestinationGate::Pass DestinationGate::take(Origin& origin, Handler& handler) {
  const auto now = parts_.clock.now();
  if (handler.in_flight == 0) handler.busy_since = now;
  ++handler.in_flight;
  ++origin.in_flight;
  Pass pass;
  pass.gate_ = this;
  pass.gate_lives_ = lives_;
  pass.origin_ = &origin;
  pass.handler_ = &handler;
  pass.since_ = now;
  pass.origin_probe_ = origin.breaker.begin(now);
  pass.handler_probe_ = handler.breaker.begin(now);
  return pass;
}

DestinationGate::Pass DestinationGate::try_enter(const Destination& to) {
  Origin* origin = nullptr;
  auto& handler = get(to, origin);
  if (!may_enter(*origin, handler)) {
    if (handler.full_since == Timestamp{}) handler.full_since = parts_.clock.now();
    return {};
  }
  if (handler.line.empty()) handler.full_since = {};
  return take(*origin, handler);
}

asio::awaitable<DestinationGate::Pass> DestinationGate::enter(Destination to, Place place) {
  if (auto pass = try_enter(to)) co_return pass;
  Origin* origin = nullptr;
  auto& handler = get(to, origin);
  if (blocked(*origin, handler)) co_return Pass{};
  const auto waiter =
      std::make_shared<Waiter>(asio::steady_timer(parts_.executor, options_.wait_max));
  const auto at = handler.line.emplace(place, waiter);
  ++origin->waiting;
  boost::system::error_code woken;
  co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  // Whoever lets us in or turns us away has taken us off the line.
  if (!waiter->over) {
    handler.line.erase(at);
    --origin->waiting;
  }
  co_return std::move(waiter->pass);
}

void DestinationGate::adjust_window(Handler& handler, const CallEnd& end) const {
  using Kind = CallEnd::Kind;
  if (end.kind == Kind::healthy)
    handler.window = std::min(handler.window + 1, options_.handler_max);
  if (end.kind == Kind::failed) handler.window = std::max(handler.window / 2, 1);
  if (end.kind != Kind::slowed) return;
  handler.window = std::max(handler.window / 2, 1);
  if (!end.not_before) return;
  const auto now = parts_.clock.now();
  const auto until = std::min(*end.not_before, now + options_.pause_max);
  if (until <= now) return;
  handler.window = 1;
  handler.paused_until = std::max(handler.paused_until.value_or(until), until);
  if (handler.full_since == Timestamp{}) handler.full_since = now;
}

void DestinationGate::judge(const Pass& pass, const CallEnd& end) {
  using Kind = CallEnd::Kind;
  const auto now = parts_.clock.now();
  auto& origin = pass.origin_->breaker;
  auto& handler = pass.handler_->breaker;
  const bool sent = end.kind != Kind::unreachable && end.kind != Kind::unknown;
  if (end.name_unresolved) {
    if (!pass.origin_->unresolved_since) pass.origin_->unresolved_since = now;
  } else if (end.kind != Kind::unknown) {
    pass.origin_->unresolved_since.reset();
  }
  if (end.response_bytes) {
    origin.succeed();
  } else if (end.kind == Kind::unreachable) {
    origin.fail(pass.origin_probe_, end.error, now, options_.breaker, parts_.random);
  } else if (sent && pass.origin_probe_) {
    origin.fail(true, end.error, now, options_.breaker, parts_.random);
  } else {
    origin.end_unjudged(pass.origin_probe_, sent, now, options_.breaker);
  }
  const bool shared = pass.handler_->name.handler.empty();
  if (!sent || shared) {
    handler.end_unjudged(pass.handler_probe_, false, now, options_.breaker);
  } else if (end.kind == Kind::failed) {
    handler.fail(pass.handler_probe_, end.error, now, options_.breaker, parts_.random);
  } else {
    handler.succeed();
  }
}

void DestinationGate::leave(Pass& pass, const CallEnd& end) {
  auto& origin = *pass.origin_;
  auto& handler = *pass.handler_;
  --handler.in_flight;
  --origin.in_flight;
  const bool measured =
      end.kind != CallEnd::Kind::unreachable && end.kind != CallEnd::Kind::unknown;
  if (measured) {
    const auto took = static_cast<double>((parts_.clock.now() - pass.since_).count());
    const bool first = handler.duration_ms == 0;
    handler.duration_ms += (first ? 1 : kNewest) * (took - handler.duration_ms);
    handler.busy_since = parts_.clock.now();
    adjust_window(handler, end);
  }
  judge(pass, end);
  const auto name = handler.name;
  admit_waiting(origin);
  if (handler.line.empty() && may_enter(origin, handler)) handler.full_since = {};
  if (!worth_keeping(handler)) origin.handlers.erase(name.handler);
  if (origin.handlers.empty() && !in_use(origin) && origin.breaker.untouched())
    origins_.erase({name.tenant, name.origin});
  if (on_end_) on_end_(name);
}

// Lets in who waits, in order of place among the handlers that may be called; turns those away
// whose handler is called no more.
void DestinationGate::admit_waiting(Origin& origin) {
  while (origin.waiting > 0) {
    Handler* best = nullptr;
    for (auto& [name, handler] : origin.handlers) {
      if (handler.line.empty()) continue;
      if (blocked(origin, handler)) {
        turn_away(origin, handler);
        continue;
      }
      if (!may_enter(origin, handler)) continue;
      if (best == nullptr || handler.line.begin()->first < best->line.begin()->first) {
        best = &handler;
      }
    }
    if (best == nullptr) return;
    const auto waiter = best->line.begin()->second;
    best->line.erase(best->line.begin());
    --origin.waiting;
    waiter->over = true;
    waiter->pass = take(origin, *best);
    waiter->timer.cancel();
  }
}

void DestinationGate::turn_away(Origin& origin, Handler& handler) {
  for (auto& [place, waiter] : handler.line) {
    waiter->over = true;
    waiter->timer.cancel();
  }
  origin.waiting -= handler.line.size();
  handler.line.clear();
}

bool DestinationGate::open_still(const Breaker& breaker) const {
  return breaker.open() &&
         breaker.next_probe() + kProbesMissed * options_.breaker.probe_max > parts_.clock.now();
}

bool DestinationGate::in_use(const Origin& origin) const {
  return origin.in_flight > 0 || origin.waiting > 0 || open_still(origin.breaker);
}

bool DestinationGate::worth_keeping(const Handler& handler) const {
  return busy(handler) || (handler.window != options_.handler_first && !handler.breaker.open());
}

// Its calls, failures or pauses are not over. What else is known of it can be learnt again.
bool DestinationGate::busy(const Handler& handler) const {
  if (handler.in_flight > 0 || !handler.line.empty()) return true;
  if (handler.breaker.open()) return open_still(handler.breaker);
  const auto now = parts_.clock.now();
  return !handler.breaker.untouched() || handler.tail > now ||
         (handler.paused_until && *handler.paused_until > now);
}

void DestinationGate::forget_handlers(Origin& origin) const {
  std::erase_if(origin.handlers, [&](const auto& item) { return !busy(item.second); });
}

// Beyond origins_max only what is in use, or open, is kept.
void DestinationGate::forget_idle() {
  const bool too_many = origins_.size() > options_.origins_max;
  std::erase_if(origins_, [&](const auto& item) {
    auto& origin = *item.second;
    if (in_use(origin)) return false;
    if (!too_many) forget_handlers(origin);
    const bool open = std::ranges::any_of(
        origin.handlers, [&](const auto& h) { return open_still(h.second.breaker); });
    if (open) return false;
    return too_many || (origin.handlers.empty() && origin.breaker.untouched());
  });
  sweep_at_ = std::max<std::size_t>(1'024, 2 * origins_.size());
}

void DestinationGate::Pass::swap(Pass& other) noexcept {
  std::swap(gate_, other.gate_);
  std::swap(gate_lives_, other.gate_lives_);
  std::swap(origin_, other.origin_);
  std::swap(handler_, other.handler_);
  std::swap(since_, other.since_);
  std::swap(origin_probe_, other.origin_probe_);
  std::swap(handler_probe_, other.handler_probe_);
}

DestinationGate::Pass::Pass(Pass&& other) noexcept {
  swap(other);
}

DestinationGate::Pass& DestinationGate::Pass::operator=(Pass&& other) noexcept {
  Pass moved(std::move(other));
  swap(moved);
  return *this;
}

DestinationGate::Pass::~Pass() {
  give_back({});
}

void DestinationGate::Pass::done(const CallEnd& end) {
  give_back(end);
}

void DestinationGate::Pass::give_back(const CallEnd& end) {
  auto* gate = std::exchange(gate_, nullptr);
  if (gate != nullptr && !gate_lives_.expired()) gate->leave(*this, end);
}

}  // namespace belfry::http
