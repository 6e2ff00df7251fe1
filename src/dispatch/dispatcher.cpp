#include "dispatch/dispatcher.hpp"

#include <boost/asio/post.hpp>
#include <mutex>

#include "async/task_group.hpp"
#include "dispatch/claimer.hpp"
#include "dispatch/lease_keeper.hpp"
#include "dispatch/pruner.hpp"
#include "dispatch/remover.hpp"
#include "dispatch/rescuer.hpp"
#include "dispatch/scrubber.hpp"
#include "dispatch/timer.hpp"
#include "dispatch/unparker.hpp"

namespace belfry::dispatch {

namespace asio = boost::asio;

// Changes come from the store's thread and are handled on the loops' own, many at a time.
struct Dispatcher::State : std::enable_shared_from_this<State> {
  State(DispatcherParts parts, Options options)
      : instruments(parts.metrics),
        gate({parts.executor, parts.clock, parts.random},
             http::GateOptions{.in_flight_max = domain::kPushPerDestination}),
        context{parts.executor, parts.clock, parts.random, parts.gateway, parts.directory,
                parts.client,   gate,        backlog,      parts.secrets, parts.open_header,
                instruments,    options,     stop,         abandon},
        runners(parts.executor, parts.on_failure),
        claims(parts.executor, parts.on_failure),
        loops(parts.executor, parts.on_failure),
        claimer(context, running, runners),
        unparker(context,
                 [this](domain::QueueNo queue, unsigned lanes) { claimer.flag(queue, lanes); }),
        keeper(context, running),
        rescuer(context),
        timer(context),
        pruner(context),
        remover(context),
        scrubber(context) {
    parts.metrics.gauge("belfry_attempts_in_flight", "Pushes and echoes that run here.",
                        [this] { return static_cast<double>(in_flight.load()); });
    gate.on_end([this](const http::Destination& to) { unparker.on_end(to); });
    backlog.on_settled([this](const http::Destination& to) { unparker.on_end(to); });
    add_gauges(parts.metrics);
    parts.metrics.gauge("belfry_timer_lag_seconds",
                        "How long the oldest due task that is not made ready has been due.",
                        [this] { return static_cast<double>(lag_ms.load()) / 1'000.0; });
  }

  ~State() {
    gate.on_end({});  // calls that are dropped now wake nobody
    backlog.on_settled({});
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void add_gauges(MetricsRegistry& metrics) {
    metrics.gauge("belfry_tasks_parked", "Ready tasks that wait for their destination.",
                  [this] { return static_cast<double>(unparker.parked()); });
    metrics.gauge("belfry_tasks_parked_oldest_seconds",
                  "How long the oldest of them has been ready.",
                  [this] { return unparker.oldest_seconds(); });
    metrics.gauge("belfry_destinations_open",
                  "Origins and handlers that tasks wait for and that are not called.",
                  [this] { return static_cast<double>(unparker.open()); });
  }

  void take_inbox() {
    std::vector<store::TaskChange> taken;
    bool reload = false;
    {
      const std::lock_guard lock(mutex);
      taken.swap(inbox);
      reload = std::exchange(configuration_changed, false);
      posted = false;
    }
    for (const auto& change : taken) {
      // Whoever ended it (a cancellation, the target's own call, the rescuer): the answer to a push
      // that still flies is nobody's any more.
      if (change.from == domain::Status::running) {
        const bool cancelled = change.to == domain::Status::cancelled;
        running.stop(change.id, change.attempt, cancelled ? Fate::cancelled : Fate::lease_lost);
      }
    }
    timer.on_changes(taken);
    claimer.on_changes(taken);
    if (reload) {
      claimer.on_configuration();
      remover.on_configuration();
    }
    in_flight = running.size();
    lag_ms = timer.lag().count();
  }

  asio::awaitable<void> watch_lag() {
    while (co_await async::sleep_for(Millis{1'000}, stop)) {
      in_flight = running.size();
      lag_ms = timer.lag().count();
    }
  }

  asio::awaitable<void> abandon_after(std::chrono::milliseconds limit, async::StopSignal done) {
    co_await async::sleep_for(limit, done);
    running.stop_all(Fate::draining);
    abandon.request();
  }

  async::StopSignal stop;
  async::StopSignal abandon;
  Instruments instruments;
  http::DestinationGate gate;
  Backlog backlog;
  Context context;
  Running running;
  async::TaskGroup runners;
  async::TaskGroup claims;
  async::TaskGroup loops;
  Claimer claimer;
  Unparker unparker;
  LeaseKeeper keeper;
  Rescuer rescuer;
  Timer timer;
  Pruner pruner;
  Remover remover;
  Scrubber scrubber;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::int64_t> lag_ms{0};

  std::mutex mutex;  // of the inbox
  std::vector<store::TaskChange> inbox;
  bool configuration_changed = false;
  bool posted = false;
};

Dispatcher::Dispatcher(DispatcherParts parts, Options options)
    : state_(std::make_shared<State>(std::move(parts), options)) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::on_commit(const store::Committed& committed) {
  auto& s = *state_;
  {
    const std::lock_guard lock(s.mutex);
    s.inbox.insert(s.inbox.end(), committed.changes.begin(), committed.changes.end());
    s.configuration_changed = s.configuration_changed || committed.configuration_changed;
    if (s.posted || (s.inbox.empty() && !s.configuration_changed)) return;
    s.posted = true;
  }
  asio::post(s.context.executor, [state = state_] { state->take_inbox(); });
}

void Dispatcher::start() {
  auto& s = *state_;
  s.claims.spawn(s.claimer.run());
  s.loops.spawn(s.keeper.run());
  s.loops.spawn(s.rescuer.run());
  s.loops.spawn(s.timer.run());
  s.loops.spawn(s.unparker.run());
  s.loops.spawn(s.pruner.run());
  s.loops.spawn(s.remover.run());
  s.loops.spawn(s.scrubber.run());
  s.loops.spawn(s.watch_lag());
}

void Dispatcher::stop_claiming() {
  state_->stop.request();
}

asio::awaitable<void> Dispatcher::drain(std::chrono::milliseconds limit) {
  const auto state = state_;
  stop_claiming();
  // A claim that is on its way to the store still becomes attempts: they belong to what is waited
  // for below.
  co_await state->claims.join();
  async::StopSignal done;
  state->loops.spawn(state->abandon_after(limit, done));
  co_await state->runners.join();
  done.request();
  co_await state->loops.join();
}

}  // namespace belfry::dispatch
