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
#include "http/destination_gate.hpp"
#include "webhook/delivery_request.hpp"
#include "webhook/schedule.hpp"
#include "webhook/verdict.hpp"

namespace belfry::webhook {
namespace {

namespace asio = boost::asio;

constexpr int kBatch = 500;
constexpr Millis kLookAgain{5'000};
constexpr Millis kStoreRetry{200};

struct Due {
  std::vector<store::DeliveryRow> rows;
  std::optional<Timestamp> next;
  std::int64_t waiting = 0;
};

}  // namespace

struct Courier::State : std::enable_shared_from_this<State> {
  State(CourierParts given, CourierOptions wanted)
      : parts(std::move(given)),
        options(wanted),
        delivered(attempts("delivered")),
        retrying(attempts("retrying")),
        exhausted(attempts("exhausted")),
        gate(parts.executor, parts.clock, {.in_flight_max = options.per_destination}),
        wake(parts.executor),
        loops(parts.executor, parts.on_failure),
        sends(parts.executor, parts.on_failure) {
    parts.metrics.gauge("belfry_webhooks_waiting", "Deliveries that wait for an attempt.",
                        [this] { return static_cast<double>(waiting.load()); });
    parts.metrics.gauge("belfry_webhooks_in_flight", "Deliveries being attempted.",
                        [this] { return static_cast<double>(flying.load()); });
  }

  Counter& attempts(const std::string& outcome) {
    return parts.metrics.counter("belfry_webhook_attempts_total",
                                 "Attempts to deliver webhooks, by what they ended in.",
                                 "outcome=\"" + outcome + "\"");
  }

  asio::awaitable<void> run();
  asio::awaitable<std::optional<Millis>> run_once();
  asio::awaitable<Result<Due>> read_due();
  bool begin(store::DeliveryRow row);
  asio::awaitable<void> attempt(store::DeliveryRow row, http::Url url,
                                http::DestinationGate::Pass pass,
                                std::shared_ptr<asio::cancellation_signal> abort);
  asio::awaitable<void> record(store::DeliveryRow row, AttemptVerdict verdict);
  void give_up(store::DeliveryRow row, std::string failure);
  asio::awaitable<void> abandon_after(std::chrono::milliseconds limit, async::StopSignal done);

  CourierParts parts;
  CourierOptions options;
  Counter& delivered;
  Counter& retrying;
  Counter& exhausted;
  http::DestinationGate gate;
  async::StopSignal stop;
  async::StopSignal abandon;
  async::WakeUp wake;
  async::TaskGroup loops;
  async::TaskGroup sends;
  // What is under way, or set aside because its destination is at its cap or open.
  std::unordered_map<DeliveryId, std::shared_ptr<asio::cancellation_signal>> in_flight;
  std::unordered_map<DeliveryId, Timestamp> set_aside;
  std::atomic<std::int64_t> waiting{0};
  std::atomic<std::size_t> flying{0};
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
  const auto now = parts.clock.now();
  std::erase_if(set_aside, [now](const auto& entry) { return entry.second <= now; });
  for (const auto& [id, abort] : in_flight) skip.push_back(id);
  for (const auto& [id, until] : set_aside) skip.push_back(id);
  std::function<Due(store::Snapshot&)> read = [now, skip](store::Snapshot& snapshot) {
    auto& deliveries = snapshot.deliveries();
    return Due{deliveries.due_all_tenants(now, kBatch, skip), deliveries.next_due_all_tenants(),
               deliveries.waiting_all_tenants()};
  };
  co_return co_await parts.gateway.read<Due>(std::move(read));
}

// How long to wait for the next one; nothing if none is known.
asio::awaitable<std::optional<Millis>> Courier::State::run_once() {
  if (in_flight.size() >= static_cast<std::size_t>(options.in_flight_max)) co_return std::nullopt;
  auto due = co_await read_due();
  if (!due) co_return kStoreRetry;
  waiting = due->waiting;
  bool began = false;
  const bool full_batch = due->rows.size() == static_cast<std::size_t>(kBatch);
  for (auto& row : due->rows) {
    if (in_flight.size() >= static_cast<std::size_t>(options.in_flight_max)) co_return std::nullopt;
    began = begin(std::move(row)) || began;
  }
  if (full_batch) co_return Millis{0};
  std::optional<Millis> wait;
  const auto now = parts.clock.now();
  if (due->next && *due->next > now) wait = *due->next - now;
  for (const auto& [id, until] : set_aside) {
    wait = std::min(wait.value_or(kLookAgain), std::max(Millis{10}, until - now));
  }
  co_return wait;
}

// False if it was set aside for now.
bool Courier::State::begin(store::DeliveryRow row) {
  std::string target = row.url;
  if (row.endpoint) {
    const auto endpoint = parts.directory.endpoint(row.endpoint);
    if (!endpoint || !endpoint->enabled) {
      give_up(std::move(row), "endpoint_disabled");
      return true;
    }
    target = endpoint->url;
  }
  auto url = http::parse_url(target);
  if (!url) {
    give_up(std::move(row), "destination_forbidden");
    return true;
  }
  const auto key = to_string(row.tenant) + url->origin();
  auto pass = gate.try_enter(key);
  if (!pass) {
    set_aside[row.id] = gate.closed_until(key).value_or(parts.clock.now() + Millis{1'000});
    return false;
  }
  const auto abort = std::make_shared<asio::cancellation_signal>();
  in_flight[row.id] = abort;
  flying = in_flight.size();
  sends.spawn(attempt(std::move(row), std::move(*url), std::move(pass), abort));
  return true;
}

asio::awaitable<void> Courier::State::attempt(store::DeliveryRow row, http::Url url,
                                              http::DestinationGate::Pass pass,
                                              std::shared_ptr<asio::cancellation_signal> abort) {
  const auto keys =
      row.endpoint ? parts.secrets.of_endpoint(row.endpoint) : parts.secrets.of_tenant(row.tenant);
  const auto began = parts.clock.now();
  auto request = delivery_request(row, std::move(url), keys, began);
  std::expected<http::OutboundResponse, http::CallFailure> answer =
      std::unexpected(http::CallFailure::cancelled);
  try {
    answer =
        co_await asio::co_spawn(parts.executor, parts.client.send(std::move(request)),
                                asio::bind_cancellation_slot(abort->slot(), asio::use_awaitable));
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  const bool aborted = !answer && answer.error() == http::CallFailure::cancelled;
  if (!aborted) {
    auto verdict = judge(row, answer, began, parts.clock.now(), parts.random);
    pass.done(verdict.healthy);
    co_await record(row, std::move(verdict));
  }
  in_flight.erase(row.id);
  flying = in_flight.size();
  // Its place may serve one that was set aside, and its successor of the same task is due now.
  if (aborted || !set_aside.empty()) set_aside.clear();
  wake.notify();
}

void Courier::State::give_up(store::DeliveryRow row, std::string failure) {
  AttemptVerdict verdict;
  verdict.state = store::DeliveryState::exhausted;
  verdict.attempt.number = row.attempts_total + 1;
  verdict.attempt.at = parts.clock.now();
  verdict.attempt.failure = std::move(failure);
  in_flight[row.id] = nullptr;
  sends.spawn(record(std::move(row), std::move(verdict)));
}

asio::awaitable<void> Courier::State::record(store::DeliveryRow row, AttemptVerdict verdict) {
  const bool good = verdict.state == store::DeliveryState::delivered;
  auto& counter = good                                             ? delivered
                  : verdict.state == store::DeliveryState::waiting ? retrying
                                                                   : exhausted;
  counter.add();
  const auto endpoint = row.endpoint ? parts.directory.endpoint(row.endpoint) : nullptr;
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
    const auto done = co_await parts.gateway.transact(fn);
    if (done || done.error().code != ErrorCode::storage_unavailable) break;
    if (!co_await async::sleep_for(kStoreRetry, abandon)) break;
  }
  in_flight.erase(row.id);
}

asio::awaitable<void> Courier::State::abandon_after(std::chrono::milliseconds limit,
                                                    async::StopSignal done) {
  co_await async::sleep_for(limit, done);
  const auto all = in_flight;
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
  async::StopSignal done;
  state->loops.spawn(state->abandon_after(limit, done));
  co_await state->sends.join();
  done.request();
  co_await state->loops.join();
}

}  // namespace belfry::webhook
