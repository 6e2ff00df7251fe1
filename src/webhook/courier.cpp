#include "webhook/courier.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <unordered_map>

#include "async/task_group.hpp"
#include "async/wake_up.hpp"
#include "base/log.hpp"
#include "http/call_end.hpp"
#include "webhook/delivery_request.hpp"
#include "webhook/endpoint_health.hpp"
#include "webhook/schedule.hpp"
#include "webhook/verdict.hpp"

namespace belfry::webhook {
namespace {

namespace asio = boost::asio;

constexpr int kBatch = 500;
constexpr Millis kLookAgain{5'000};
constexpr Millis kStoreRetry{200};
// A process without descriptors or memory gets them back when other work ends.
constexpr Millis kOwnTroubleRetry{1'000};
// An ended call wakes the loop; this is for what becomes due behind it.
constexpr Millis kLookWhileBusy{250};
// What was called back is on its way for so long before the room is looked at again.
constexpr Millis kOnItsWay{200};
constexpr Millis kProbeOnItsWay{3'000};

struct Due {
  std::vector<store::DeliveryRow> rows;
  std::optional<Timestamp> next;
  std::optional<Timestamp> put_off_longest;
};

// What was due and is not called: because its destination is busy, or because it is open.
struct NotCalled {
  std::vector<std::pair<DeliveryId, Timestamp>> put_off;
  std::vector<Parcel> refused;
};
using AbortSignal = std::shared_ptr<asio::cancellation_signal>;
using CallAnswer = std::expected<http::OutboundResponse, http::CallError>;

store::DestinationName name_of(const http::Destination& to) {
  return {to.tenant, to.origin, to.handler};
}

// One that was set aside has had its time.
bool is_over(const store::DeliveryRow& row, Timestamp now) {
  return row.first_due && *row.first_due + kScheduleLength <= now;
}

AttemptVerdict given_up(const store::DeliveryRow& row, Timestamp now, std::string failure) {
  AttemptVerdict verdict;
  verdict.state = store::DeliveryState::exhausted;
  verdict.attempt.number = row.attempts_total + 1;
  verdict.attempt.at = now;
  verdict.attempt.failure = std::move(failure);
  return verdict;
}

}  // namespace

struct Courier::State : std::enable_shared_from_this<State> {
  State(CourierParts given, const CourierOptions& options)
      : parts(std::move(given)),
        delivered(attempts("delivered")),
        retrying(attempts("retrying")),
        exhausted(attempts("exhausted")),
        refusals(attempts("refused")),
        postponed(parts.metrics.counter("belfry_webhooks_postponed_total",
                                        "Deliveries put off because their destination is busy.")),
        lineup({parts.executor, parts.clock, parts.random}, options.lineup),
        wake(parts.executor),
        loops(parts.executor, parts.on_failure),
        sends(parts.executor, parts.on_failure) {
    auto& metrics = parts.metrics;
    metrics.gauge("belfry_webhooks_waiting", "Deliveries that wait for an attempt.",
                  [this] { return static_cast<double>(waiting.load()); });
    metrics.gauge("belfry_webhooks_in_flight", "Deliveries being attempted.",
                  [this] { return static_cast<double>(flying.load()); });
    metrics.gauge(
        "belfry_webhooks_oldest_due_seconds",
        "How long the delivery that is due longest has waited for its attempt to end, put "
        "off or not.",
        [this] { return oldest_due_seconds(); });
  }

  Counter& attempts(const std::string& outcome) {
    return parts.metrics.counter("belfry_webhook_attempts_total",
                                 "Attempts to deliver webhooks, by what they ended in.",
                                 "outcome=\"" + outcome + "\"");
  }
  double oldest_due_seconds() const {
    const auto due = oldest_due_ms.load();
    const auto now = to_ms(parts.clock.now());
    return due == 0 || due >= now ? 0 : static_cast<double>(now - due) / 1'000.0;
  }

  asio::awaitable<void> run();
  asio::awaitable<std::optional<Millis>> run_once();
  asio::awaitable<Result<Due>> read_due();
  asio::awaitable<void> count_waiting();
  void begin(store::DeliveryRow row, NotCalled& not_called);
  void start(Lineup::Start start);
  asio::awaitable<void> postpone(const NotCalled& not_called);
  asio::awaitable<void> set_aside(std::vector<Parcel> parcels);
  asio::awaitable<void> call_back();
  asio::awaitable<void> find_set_aside();
  std::vector<std::pair<http::Destination, int>> plan_call_backs();
  Millis next_look() const;
  asio::awaitable<void> commit(store::TransactFn fn);
  asio::awaitable<void> attempt(Parcel parcel, http::DestinationGate::Pass pass, AbortSignal abort);
  asio::awaitable<CallAnswer> call(http::OutboundRequest request, AbortSignal abort);
  void go_on(Lineup::Next next);
  void give_up(store::DeliveryRow row, std::string failure);
  asio::awaitable<void> record(store::DeliveryRow row, AttemptVerdict verdict, bool attempted);
  asio::awaitable<void> abandon_after(std::chrono::milliseconds limit, async::StopSignal done);

  CourierParts parts;
  Counter& delivered;
  Counter& retrying;
  Counter& exhausted;
  Counter& refusals;
  Counter& postponed;
  Lineup lineup;
  async::StopSignal stop;
  async::StopSignal abandon;
  async::WakeUp wake;
  async::TaskGroup loops;
  async::TaskGroup sends;
  // What is under way or stands in line, and is not to be read again; the signal aborts a call.
  std::unordered_map<DeliveryId, AbortSignal> taken;
  // Destinations that deliveries are set aside for, and when to call back the next ones.
  std::map<http::Destination, Timestamp> waited_for;
  std::map<std::pair<TenantId, std::string>, std::string> turns;  // the handler probed last
  std::optional<Timestamp> counted_at, scanned_at;
  std::atomic<std::int64_t> waiting{0};
  std::atomic<std::int64_t> oldest_due_ms{0};
  std::atomic<int> flying{0};
};

asio::awaitable<void> Courier::State::run() {
  while (!stop.requested()) {
    const auto wait = co_await run_once();
    if (wait && *wait <= Millis{0}) continue;
    co_await wake.wait(std::min(wait.value_or(kLookAgain), next_look()), stop);
  }
}

asio::awaitable<Result<Due>> Courier::State::read_due() {
  std::vector<DeliveryId> skip;
  skip.reserve(taken.size());
  for (const auto& [id, abort] : taken) skip.push_back(id);
  std::function<Due(store::Snapshot&)> read = [now = parts.clock.now(),
                                               skip](store::Snapshot& snapshot) {
    auto& deliveries = snapshot.deliveries();
    return Due{deliveries.due_all_tenants(now, kBatch, skip), deliveries.next_due_all_tenants(),
               deliveries.put_off_longest_all_tenants()};
  };
  co_return co_await parts.gateway.read<Due>(std::move(read));
}

// For the gauge only, and as costly as there are many: not at each turn.
asio::awaitable<void> Courier::State::count_waiting() {
  const auto now = parts.clock.now();
  if (counted_at && now - *counted_at < kLookAgain) co_return;
  counted_at = now;
  std::function<std::int64_t(store::Snapshot&)> read = [](store::Snapshot& snapshot) {
    return snapshot.deliveries().waiting_all_tenants();
  };
  if (const auto count = co_await parts.gateway.read<std::int64_t>(std::move(read))) {
    waiting = *count;
  }
}

// How long to wait for the next one; nothing if none is known. Each delivery that was read is under
// way, in line, put off, refused or given up afterwards, so that the next turn reads others.
asio::awaitable<std::optional<Millis>> Courier::State::run_once() {
  co_await count_waiting();
  if (lineup.full()) co_return std::nullopt;
  co_await call_back();
  auto due = co_await read_due();
  if (!due) co_return kStoreRetry;
  oldest_due_ms =
      due->next ? to_ms(std::min(*due->next, due->put_off_longest.value_or(*due->next))) : 0;
  NotCalled not_called;
  for (auto& row : due->rows) {
    if (!stop.requested()) begin(std::move(row), not_called);
  }
  const bool more = due->rows.size() == static_cast<std::size_t>(kBatch) ||
                    !not_called.put_off.empty() || !not_called.refused.empty();
  co_await postpone(not_called);
  co_await set_aside(std::move(not_called.refused));
  if (more) co_return lineup.full() ? std::nullopt : std::optional(Millis{0});
  // The earliest may be one that is under way, and tells nothing of the others then.
  const auto now = parts.clock.now();
  if (due->next && *due->next > now) co_return *due->next - now;
  co_return due->next ? std::optional(kLookWhileBusy) : std::nullopt;
}

void Courier::State::begin(store::DeliveryRow row, NotCalled& not_called) {
  std::string target = row.url;
  if (row.endpoint) {
    const auto endpoint = parts.directory.endpoint(row.endpoint);
    if (!endpoint || !endpoint->enabled) return give_up(std::move(row), "endpoint_disabled");
    target = endpoint->url;
  }
  auto url = http::parse_url(target);
  if (!url) return give_up(std::move(row), "destination_forbidden");
  const auto id = row.id;
  auto destination = http::destination_of(row.tenant, *url);
  if (row.endpoint) destination.handler = "endpoint:" + to_string(row.endpoint);
  auto place = lineup.place({std::move(row), std::move(*url), std::move(destination)});
  if (auto* now = std::get_if<Lineup::Start>(&place)) {
    start(std::move(*now));
  } else if (const auto* later = std::get_if<Lineup::PutOff>(&place)) {
    not_called.put_off.emplace_back(id, later->until);
  } else if (auto* refused = std::get_if<Lineup::Refused>(&place)) {
    not_called.refused.push_back(std::move(refused->parcel));
  } else {
    taken[id] = nullptr;
  }
}

void Courier::State::start(Lineup::Start start) {
  const auto abort = std::make_shared<asio::cancellation_signal>();
  taken[start.parcel.row.id] = abort;
  flying = lineup.in_flight();
  sends.spawn(attempt(std::move(start.parcel), std::move(start.pass), abort));
}

asio::awaitable<void> Courier::State::postpone(const NotCalled& not_called) {
  if (not_called.put_off.empty()) co_return;
  postponed.add(not_called.put_off.size());
  store::TransactFn fn = [put_off = not_called.put_off](store::Transaction& tx) -> Result<> {
    for (const auto& [id, until] : put_off) tx.delivery_writes().postpone(id, until);
    return {};
  };
  const auto done = co_await parts.gateway.transact(std::move(fn), store::Purpose::upkeep);
  // They are due still, and read again: not at once while the store is away.
  if (!done) co_await async::sleep_for(kStoreRetry, stop);
}

// One transaction for all of them: when a destination is dead they are many. They keep their place,
// until the destination takes calls again or their schedule would have ended.
asio::awaitable<void> Courier::State::set_aside(std::vector<Parcel> parcels) {
  if (parcels.empty()) co_return;
  const auto now = parts.clock.now();
  std::vector<std::pair<DeliveryId, store::DestinationName>> waiting_ones;
  std::vector<std::pair<DeliveryId, AttemptVerdict>> ended;
  for (const auto& parcel : parcels) {
    if (is_over(parcel.row, now)) {
      ended.emplace_back(parcel.row.id, given_up(parcel.row, now, "destination_open"));
      exhausted.add();
    } else {
      waiting_ones.emplace_back(parcel.row.id, name_of(parcel.destination));
      waited_for.try_emplace(parcel.destination);
      refusals.add();
    }
  }
  store::TransactFn fn = [waiting_ones, ended](store::Transaction& tx) -> Result<> {
    for (const auto& [id, name] : waiting_ones) {
      tx.delivery_writes().set_aside(id, name, kScheduleLength);
    }
    for (const auto& [id, verdict] : ended) {
      tx.delivery_writes().record_attempt(id, verdict.attempt, verdict.state, verdict.next_at);
    }
    return {};
  };
  co_await commit(std::move(fn));
  for (const auto& parcel : parcels) taken.erase(parcel.row.id);
}

// What waits for a destination that is open for nobody here (since a start, or unnoticed).
asio::awaitable<void> Courier::State::find_set_aside() {
  const auto now = parts.clock.now();
  if (scanned_at && now - *scanned_at < kLookAgain) co_return;
  scanned_at = now;
  using Names = std::vector<store::DestinationName>;
  std::function<Names(store::Snapshot&)> read = [](store::Snapshot& snapshot) {
    return snapshot.deliveries().set_aside_all_tenants();
  };
  const auto names = co_await parts.gateway.read<Names>(std::move(read));
  if (!names) co_return;
  for (const auto& name : *names) waited_for.try_emplace({name.tenant, name.origin, name.handler});
}

// As many for each as it takes now: of an open origin, one for one of its handlers in turn.
std::vector<std::pair<http::Destination, int>> Courier::State::plan_call_backs() {
  const auto now = parts.clock.now();
  std::vector<std::pair<http::Destination, int>> planned;
  std::map<std::pair<TenantId, std::string>, std::vector<http::Destination>> probes;
  int left = kBatch;
  for (auto& [to, not_before] : waited_for) {
    const int room = not_before <= now ? std::min(lineup.room(to), left) : 0;
    if (room <= 0) continue;
    if (lineup.standing(to).origin) {
      probes[{to.tenant, to.origin}].push_back(to);
      continue;
    }
    left -= room;
    const bool open = lineup.standing(to).kind == http::Standing::Kind::open;
    not_before = now + (open ? kProbeOnItsWay : kOnItsWay);
    planned.emplace_back(to, room);
  }
  for (auto& [origin, handlers] : probes) {
    auto& turn = turns[origin];
    auto next = std::ranges::upper_bound(handlers, turn, {}, &http::Destination::handler);
    if (next == handlers.end()) next = handlers.begin();
    turn = next->handler;
    for (const auto& to : handlers) waited_for[to] = now + kProbeOnItsWay;
    planned.emplace_back(*next, 1);
  }
  return planned;
}

asio::awaitable<void> Courier::State::call_back() {
  co_await find_set_aside();
  const auto planned = plan_call_backs();
  if (planned.empty()) co_return;
  const auto counts = std::make_shared<std::vector<int>>();
  store::TransactFn fn = [planned, counts](store::Transaction& tx) -> Result<> {
    counts->clear();
    for (const auto& [to, room] : planned) {
      counts->push_back(tx.delivery_writes().call_back(name_of(to), room));
    }
    return {};
  };
  if (!co_await parts.gateway.transact(std::move(fn), store::Purpose::upkeep)) co_return;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const bool was_last = (*counts)[i] < planned[i].second;
    if (was_last && lineup.standing(planned[i].first).kind != http::Standing::Kind::open) {
      waited_for.erase(planned[i].first);
    }
  }
}

Millis Courier::State::next_look() const {
  auto next = kLookAgain;
  const auto now = parts.clock.now();
  for (const auto& [to, not_before] : waited_for) {
    const auto standing = lineup.standing(to);
    const auto free_at = std::max(not_before, now + kOnItsWay);
    next = std::min(next, std::max(standing.next_call.value_or(free_at), not_before) - now);
  }
  return std::max(next, Millis{20});
}

// What has happened is told until the store has taken it, or the drain's time is up.
asio::awaitable<void> Courier::State::commit(store::TransactFn fn) {
  for (;;) {
    const auto done = co_await parts.gateway.transact(fn, store::Purpose::upkeep);
    if (done || !store::is_passing(done.error())) co_return;
    if (!co_await async::sleep_for(kStoreRetry, abandon)) co_return;
  }
}

asio::awaitable<CallAnswer> Courier::State::call(http::OutboundRequest request, AbortSignal abort) {
  if (abandon.requested()) co_return std::unexpected(http::CallError{http::CallFailure::cancelled});
  try {
    co_return co_await asio::co_spawn(
        parts.executor, parts.client.send(std::move(request)),
        asio::bind_cancellation_slot(abort->slot(), asio::use_awaitable));
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  co_return std::unexpected(http::CallError{http::CallFailure::cancelled});
}

asio::awaitable<void> Courier::State::attempt(Parcel parcel, http::DestinationGate::Pass pass,
                                              AbortSignal abort) {
  const auto& row = parcel.row;
  const auto keys =
      row.endpoint ? parts.secrets.of_endpoint(row.endpoint) : parts.secrets.of_tenant(row.tenant);
  const auto began = parts.clock.now();
  http::CallEnd end;
  if (keys.empty()) {  // nothing can sign it: its endpoint was removed while it stood in line
    co_await record(row, given_up(row, began, "endpoint_disabled"), false);
  } else {
    auto answer = co_await call(delivery_request(row, parcel.url, keys, parts.clock), abort);
    if (!answer && answer.error().stale) {
      // Most probably nobody read it, and whoever did knows the event by its webhook-id.
      auto again = delivery_request(row, parcel.url, keys, parts.clock);
      again.connection = http::OutboundRequest::Connection::fresh;
      answer = co_await call(std::move(again), abort);
    }
    if (!answer && answer.error().own_trouble && !answer.error().sent) {
      NotCalled not_called;  // this process lacks something: no attempt is used
      not_called.put_off.emplace_back(row.id, parts.clock.now() + kOwnTroubleRetry);
      co_await postpone(not_called);
    } else if (answer || answer.error().failure != http::CallFailure::cancelled) {
      auto verdict = judge(row, answer, began, parts.clock.now(), parts.random);
      if (verdict.state == store::DeliveryState::waiting && is_over(row, parts.clock.now())) {
        verdict.state = store::DeliveryState::exhausted;
      }
      end = http::call_end(answer, parts.clock.now());
      co_await record(row, std::move(verdict), true);
    }
  }
  taken.erase(row.id);
  go_on(lineup.ended(parcel, std::move(pass), end));
}

void Courier::State::go_on(Lineup::Next next) {
  flying = lineup.in_flight();
  for (auto& one : next.starts) start(std::move(one));
  if (!next.refused.empty()) sends.spawn(set_aside(std::move(next.refused)));
  wake.notify();
}

void Courier::State::give_up(store::DeliveryRow row, std::string failure) {
  auto verdict = given_up(row, parts.clock.now(), std::move(failure));
  taken[row.id] = nullptr;
  sends.spawn(record(std::move(row), std::move(verdict), false));
}

// `attempted`: the endpoint was called, so that the outcome tells of its health.
asio::awaitable<void> Courier::State::record(store::DeliveryRow row, AttemptVerdict verdict,
                                             bool attempted) {
  const bool good = verdict.state == store::DeliveryState::delivered;
  auto& counter = good                                             ? delivered
                  : verdict.state == store::DeliveryState::waiting ? retrying
                                                                   : exhausted;
  counter.add();
  const bool tells = attempted && row.endpoint;
  store::TransactFn fn = [=, now = parts.clock.now(), may_disable = !parts.clock.in_doubt(),
                          tenant = row.tenant, endpoint = row.endpoint,
                          id = row.id](store::Transaction& tx) -> Result<> {
    tx.delivery_writes().record_attempt(id, verdict.attempt, verdict.state, verdict.next_at);
    if (!tells) return {};
    auto changed = tx.endpoints().find(tenant, endpoint);
    if (!changed || !note_call(*changed, verdict, now, may_disable)) return {};
    return tx.endpoint_writes().update(*changed);
  };
  co_await commit(std::move(fn));
  if (!attempted) taken.erase(row.id);
}

asio::awaitable<void> Courier::State::abandon_after(std::chrono::milliseconds limit,
                                                    async::StopSignal done) {
  co_await async::sleep_for(limit, done);
  const auto all = taken;
  for (const auto& [id, abort] : all) {
    if (abort) abort->emit(asio::cancellation_type::terminal);
  }
  abandon.request();
}

Courier::Courier(CourierParts parts, CourierOptions options)
    : state_(std::make_shared<State>(std::move(parts), options)) {}

Courier::~Courier() = default;

void Courier::on_commit(const store::Committed& committed) {
  if (committed.deliveries_added || committed.configuration_changed) state_->wake.notify();
}

void Courier::start() {
  state_->loops.spawn(state_->run());
}

asio::awaitable<void> Courier::drain(std::chrono::milliseconds limit) {
  const auto state = state_;
  state->stop.request();
  state->lineup.close();
  async::StopSignal done;
  state->loops.spawn(state->abandon_after(limit, done));
  co_await state->sends.join();
  done.request();
  co_await state->loops.join();
}

}  // namespace belfry::webhook
