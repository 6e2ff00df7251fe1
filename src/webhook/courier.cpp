#include "webhook/courier.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unordered_map>

#include "async/task_group.hpp"
#include "async/wake_up.hpp"
#include "base/log.hpp"
#include "webhook/delivery_request.hpp"
#include "webhook/schedule.hpp"
#include "webhook/verdict.hpp"

namespace belfry::webhook {
namespace {

namespace asio = boost::asio;

constexpr int kBatch = 500;
constexpr Millis kLookAgain{5'000};
constexpr Millis kStoreRetry{200};
// An ended call wakes the loop; this is for what becomes due behind it.
constexpr Millis kLookWhileBusy{250};

struct Due {
  std::vector<store::DeliveryRow> rows;
  std::optional<Timestamp> next;
};

using PutOffs = std::vector<std::pair<DeliveryId, Timestamp>>;
using AbortSignal = std::shared_ptr<asio::cancellation_signal>;
using CallAnswer = std::expected<http::OutboundResponse, http::CallFailure>;

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
        postponed(parts.metrics.counter("belfry_webhooks_postponed_total",
                                        "Deliveries put off because their destination is busy or "
                                        "not called for a while.")),
        lineup(parts.executor, parts.clock, options.lineup),
        wake(parts.executor),
        loops(parts.executor, parts.on_failure),
        sends(parts.executor, parts.on_failure) {
    auto& metrics = parts.metrics;
    metrics.gauge("belfry_webhooks_waiting", "Deliveries that wait for an attempt.",
                  [this] { return static_cast<double>(waiting.load()); });
    metrics.gauge("belfry_webhooks_in_flight", "Deliveries being attempted.",
                  [this] { return static_cast<double>(flying.load()); });
    metrics.gauge("belfry_webhooks_oldest_due_seconds",
                  "How long the delivery that is due longest has waited for its attempt to end.",
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
  void begin(store::DeliveryRow row, PutOffs& put_off);
  void start(Lineup::Start start);
  asio::awaitable<void> postpone(PutOffs put_off);
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
  Counter& postponed;
  Lineup lineup;
  async::StopSignal stop;
  async::StopSignal abandon;
  async::WakeUp wake;
  async::TaskGroup loops;
  async::TaskGroup sends;
  // What is under way or stands in line, and is not to be read again; the signal aborts a call.
  std::unordered_map<DeliveryId, AbortSignal> taken;
  std::optional<Timestamp> counted_at;
  std::atomic<std::int64_t> waiting{0};
  std::atomic<std::int64_t> oldest_due_ms{0};
  std::atomic<int> flying{0};
};

asio::awaitable<void> Courier::State::run() {
  while (!stop.requested()) {
    const auto wait = co_await run_once();
    if (wait && *wait <= Millis{0}) continue;
    co_await wake.wait(std::min(wait.value_or(kLookAgain), kLookAgain), stop);
  }
}

asio::awaitable<Result<Due>> Courier::State::read_due() {
  std::vector<DeliveryId> skip;
  skip.reserve(taken.size());
  for (const auto& [id, abort] : taken) skip.push_back(id);
  std::function<Due(store::Snapshot&)> read = [now = parts.clock.now(),
                                               skip](store::Snapshot& snapshot) {
    auto& deliveries = snapshot.deliveries();
    return Due{deliveries.due_all_tenants(now, kBatch, skip), deliveries.next_due_all_tenants()};
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
// way, in line, put off or given up afterwards, so that the next turn reads others.
asio::awaitable<std::optional<Millis>> Courier::State::run_once() {
  co_await count_waiting();
  if (lineup.full()) co_return std::nullopt;
  auto due = co_await read_due();
  if (!due) co_return kStoreRetry;
  oldest_due_ms = due->next ? to_ms(*due->next) : 0;
  PutOffs put_off;
  for (auto& row : due->rows) {
    if (!stop.requested()) begin(std::move(row), put_off);
  }
  const bool more = due->rows.size() == static_cast<std::size_t>(kBatch) || !put_off.empty();
  co_await postpone(std::move(put_off));
  if (more) co_return lineup.full() ? std::nullopt : std::optional(Millis{0});
  // The earliest may be one that is under way, and tells nothing of the others then.
  const auto now = parts.clock.now();
  if (due->next && *due->next > now) co_return *due->next - now;
  co_return due->next ? std::optional(kLookWhileBusy) : std::nullopt;
}

void Courier::State::begin(store::DeliveryRow row, PutOffs& put_off) {
  std::string target = row.url;
  if (row.endpoint) {
    const auto endpoint = parts.directory.endpoint(row.endpoint);
    if (!endpoint || !endpoint->enabled) return give_up(std::move(row), "endpoint_disabled");
    target = endpoint->url;
  }
  auto url = http::parse_url(target);
  if (!url) return give_up(std::move(row), "destination_forbidden");
  const auto id = row.id;
  auto destination = to_string(row.tenant) + url->origin();
  auto place = lineup.place({std::move(row), std::move(*url), std::move(destination)});
  if (auto* now = std::get_if<Lineup::Start>(&place)) {
    start(std::move(*now));
  } else if (const auto* later = std::get_if<Lineup::PutOff>(&place)) {
    put_off.emplace_back(id, later->until);
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

asio::awaitable<void> Courier::State::postpone(PutOffs put_off) {
  if (put_off.empty()) co_return;
  postponed.add(put_off.size());
  store::TransactFn fn = [put_off](store::Transaction& tx) -> Result<> {
    for (const auto& [id, until] : put_off) tx.delivery_writes().postpone(id, until);
    return {};
  };
  const auto done = co_await parts.gateway.transact(std::move(fn), store::Purpose::upkeep);
  // They are due still, and read again: not at once while the store is away.
  if (!done) co_await async::sleep_for(kStoreRetry, stop);
}

asio::awaitable<CallAnswer> Courier::State::call(http::OutboundRequest request, AbortSignal abort) {
  if (abandon.requested()) co_return std::unexpected(http::CallFailure::cancelled);
  try {
    co_return co_await asio::co_spawn(
        parts.executor, parts.client.send(std::move(request)),
        asio::bind_cancellation_slot(abort->slot(), asio::use_awaitable));
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  co_return std::unexpected(http::CallFailure::cancelled);
}

asio::awaitable<void> Courier::State::attempt(Parcel parcel, http::DestinationGate::Pass pass,
                                              AbortSignal abort) {
  const auto& row = parcel.row;
  const auto keys =
      row.endpoint ? parts.secrets.of_endpoint(row.endpoint) : parts.secrets.of_tenant(row.tenant);
  const auto began = parts.clock.now();
  std::optional<bool> healthy;
  if (keys.empty()) {  // nothing can sign it: its endpoint was removed while it stood in line
    co_await record(row, given_up(row, began, "endpoint_disabled"), false);
  } else {
    const auto answer = co_await call(delivery_request(row, parcel.url, keys, parts.clock), abort);
    if (answer || answer.error() != http::CallFailure::cancelled) {
      auto verdict = judge(row, answer, began, parts.clock.now(), parts.random);
      healthy = verdict.healthy;
      co_await record(row, std::move(verdict), true);
    }
  }
  taken.erase(row.id);
  go_on(lineup.ended(parcel, std::move(pass), healthy));
}

void Courier::State::go_on(Lineup::Next next) {
  flying = lineup.in_flight();
  for (auto& one : next.starts) start(std::move(one));
  for (const auto& [id, until] : next.put_off) taken.erase(id);
  if (!next.put_off.empty()) sends.spawn(postpone(std::move(next.put_off)));
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
  const auto endpoint =
      attempted && row.endpoint ? parts.directory.endpoint(row.endpoint) : nullptr;
  const bool mends = endpoint && good && endpoint->failing_since;
  const bool begins_to_fail = endpoint && !good && !endpoint->failing_since;
  const auto now = parts.clock.now();
  const bool gives_up = endpoint && !good && endpoint->failing_since &&
                        *endpoint->failing_since + kDisableAfter <= now;
  store::TransactFn fn = [=, tenant = row.tenant, endpoint_id = row.endpoint,
                          id = row.id](store::Transaction& tx) -> Result<> {
    tx.delivery_writes().record_attempt(id, verdict.attempt, verdict.state, verdict.next_at);
    if (!mends && !begins_to_fail && !gives_up && !verdict.endpoint_gone) return {};
    auto changed = tx.endpoints().find(tenant, endpoint_id);
    if (!changed) return {};
    if (good) {
      changed->failing_since.reset();
    } else if (!changed->failing_since) {
      changed->failing_since = now;
    }
    if (verdict.endpoint_gone || gives_up) {
      changed->enabled = false;
      changed->disabled_reason = verdict.endpoint_gone ? "gone" : "failing";
    }
    return tx.endpoint_writes().update(*changed);
  };
  for (;;) {
    const auto done = co_await parts.gateway.transact(fn, store::Purpose::upkeep);
    if (done || done.error().code != ErrorCode::storage_unavailable) break;
    if (!co_await async::sleep_for(kStoreRetry, abandon)) break;
  }
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
