#include <algorithm>
#include <cstdlib>
#include <map>

#include "dispatch/dispatch_fixture.hpp"
#include "dispatch/put_off.hpp"
#include "dispatch/unparker.hpp"
#include "outbox/finish.hpp"

// Simulations of destinations: the real store, gate, backlog and unparker, with simulated calls and
// a clock that the test moves.
namespace belfry::dispatch {
namespace {

using Kind = http::CallEnd::Kind;

// What a call to a path meets.
struct Meeting {
  Kind kind = Kind::healthy;
  Millis takes{20};
  std::optional<Millis> retry_after = {};
};

class DestinationsTest : public DispatcherTest {
 protected:
  DestinationsTest() { make_client(); }
  ~DestinationsTest() override {
    calls.clear();
    if (thread.joinable()) end_loops(nothing());
  }
  static boost::asio::awaitable<void> nothing() { co_return; }

  std::vector<TaskId> submit_many(const std::string& path, int count, int max_attempts = 3) {
    std::vector<TaskId> ids;
    for (int i = 0; i < count; ++i) {
      domain::HttpTarget target;
      target.url = "http://origin.test:8080" + path;
      auto task = a_task(target);
      task.options.retry = domain::RetryPolicy{.max_attempts = max_attempts};
      ids.push_back(submit(task));
    }
    return ids;
  }

  // Time passes in small steps.
  void pass(Millis time) {
    if (!thread.joinable()) run_loops([] {});
    for (Millis passed{0}; passed < time; passed += kStep) {
      loops_clock.advance(kStep);
      end_calls();
      if (loops_clock.now() >= scan_at) {
        await(unparker.scan());
        scan_at = loops_clock.now() + Millis{5'000};
      }
      await(unparker.run_once());
      EXPECT_TRUE(await(gateway.ask(store::MoveDue{1'000, loops_clock.now()})));
      claim();
    }
  }

  store::StatusCounts counts() {
    store::StatusCounts found;
    gateway.read_blocking([&](store::Snapshot& s) { found = s.metrics().counts(tenant); });
    return found;
  }
  int count_with_error(const std::vector<TaskId>& ids, const std::string& start) {
    return static_cast<int>(
        std::ranges::count_if(ids, [&](TaskId id) { return task(id).error.starts_with(start); }));
  }
  int count_in(const std::vector<TaskId>& ids, domain::Status status) {
    return static_cast<int>(
        std::ranges::count_if(ids, [&](TaskId id) { return task(id).status == status; }));
  }
  std::vector<store::DestinationRow> states() {
    std::vector<store::DestinationRow> rows;
    gateway.read_blocking([&](store::Snapshot& s) { rows = s.destinations().states(tenant); });
    return rows;
  }

  template <class T>
  T await(boost::asio::awaitable<T> awaitable) {
    return boost::asio::co_spawn(context, std::move(awaitable), boost::asio::use_future).get();
  }

  static constexpr Millis kStep{100};
  std::function<Meeting(const std::string& path, Timestamp now)> world;
  bool plant_500_opens = false;
  std::vector<std::string> called;  // paths, in order
  std::map<TaskId, int> calls_of;
  std::map<std::string, std::vector<TaskId>> order_of;  // first calls of a path
  std::map<TaskId, Timestamp> first_refused;

  ManualClock loops_clock{clock.now()};
  LoopBench bench{
      context.get_executor(), loops_clock, random, gateway, directory, *client, metrics, one_key()};
  Unparker unparker{bench.context, [](domain::QueueNo, unsigned) {}};

 private:
  struct Call {
    store::Claim::Task task;
    http::DestinationGate::Pass pass;
    Meeting meeting;
    Timestamp ends;
  };
  void claim() {
    store::Claim command;
    command.queue = directory.queue(tenant, "default")->no;
    command.lanes = store::lane_bit(domain::Lane::push);
    command.max = 1'000;
    command.lease = std::chrono::hours{24};
    command.now = loops_clock.now();
    auto reply = await(gateway.ask(command));
    ASSERT_TRUE(reply);
    std::vector<store::Command> parkings;
    for (auto& task : reply->tasks) begin(std::move(task), parkings);
    for (const auto& done : await(gateway.ask_all(std::move(parkings)))) EXPECT_TRUE(done);
  }
  void begin(store::Claim::Task task, std::vector<store::Command>& parkings) {
    const auto url = *http::parse_url(std::get<domain::HttpTarget>(*task.options.target).url);
    const auto to = bench.gate.entry_of(http::destination_of(tenant, url));
    http::DestinationGate::Pass pass;
    if (!turns_away(bench.context, task, to)) pass = bench.gate.try_enter(to);
    if (!pass) {
      first_refused.try_emplace(task.id, loops_clock.now());
      bench.backlog.park(to, {task.rank, task.id});
      store::Finish finish;
      finish.tenant = tenant;
      finish.id = task.id;
      finish.token = task.token;
      finish.verdict = store::Verdict::released;
      finish.unsent = true;
      finish.parking = parking_of(bench.context, task, to);
      finish.now = loops_clock.now();
      parkings.emplace_back(std::move(finish));
      return;
    }
    const auto meeting = world(url.target, loops_clock.now());
    called.push_back(url.target);
    if (++calls_of[task.id] == 1) order_of[url.target].push_back(task.id);
    first_refused.erase(task.id);
    const auto ends = loops_clock.now() + meeting.takes;
    calls.push_back({std::move(task), std::move(pass), meeting, ends});
  }
  void end_calls() {
    std::vector<store::Command> ends;
    for (auto& call : calls) {
      if (call.ends > loops_clock.now()) continue;
      http::CallEnd end{.kind = call.meeting.kind, .error = "connect_failed"};
      end.response_bytes = end.kind != Kind::unreachable && end.kind != Kind::failed;
      if (plant_500_opens && end.kind == Kind::answered) end.kind = Kind::failed;
      if (call.meeting.retry_after) end.not_before = loops_clock.now() + *call.meeting.retry_after;
      outbox::AttemptEnd attempt;
      if (call.meeting.kind != Kind::healthy) {
        attempt.kind = outbox::AttemptEnd::Kind::failed;
        attempt.error = "it failed";
        attempt.not_before = end.not_before;
      }
      call.pass.done(end);
      ends.emplace_back(outbox::finish_attempt(outbox::facts_of(call.task), std::move(attempt),
                                               loops_clock.now(), random, directory));
    }
    std::erase_if(calls, [](const Call& call) { return !call.pass; });
    for (const auto& done : await(gateway.ask_all(std::move(ends)))) EXPECT_TRUE(done);
  }

  std::vector<Call> calls;
  Timestamp scan_at = loops_clock.now();
};

TEST_F(DestinationsTest, TasksAtADeadOriginWaitSayWhyAndFailInTheEnd) {
  world = [](const auto&, Timestamp) { return Meeting{Kind::unreachable, Millis{0}}; };
  const auto ids = submit_many("/run", 600, 1);
  pass(Millis{20'000});
  EXPECT_GT(counts()[domain::Status::pending], 500);
  const auto said = states();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].name.handler, "");
  EXPECT_EQ(said[0].state, store::DestinationState::open);
  EXPECT_EQ(said[0].error, "connect_failed");
  EXPECT_GT(said[0].next_call, loops_clock.now() - kStep);  // a probe falls due within a step
  pass(Millis{39'000});                                     // not before a minute
  EXPECT_EQ(count_with_error(ids, "destination_open"), 0);
  pass(Millis{70'000});
  EXPECT_EQ(count_in(ids, domain::Status::failed), 600);
  EXPECT_GT(count_with_error(ids, "destination_open: connect_failed"), 500);
  for (const auto& [id, calls] : calls_of) EXPECT_LE(calls, 1);
  pass(Millis{10'000});
  EXPECT_TRUE(states().empty());
}

TEST_F(DestinationsTest, PatienceIsAMinuteAndTheWaitsThatThePolicyHasLeft) {
  store::Claim::Task task;
  task.tenant = tenant;
  task.max_attempts = 3;
  task.options.retry = domain::RetryPolicy{.max_attempts = 3,
                                           .backoff = domain::Backoff::fixed,
                                           .initial = Millis{120'000},
                                           .max = Millis{120'000}};
  const http::Destination to{tenant, "http://origin.test:8080", "/run"};
  EXPECT_EQ(parking_of(bench.context, task, to).patience, Millis{60'000 + 2 * 120'000});
  task.failures = 1;
  EXPECT_EQ(parking_of(bench.context, task, to).patience, Millis{60'000 + 120'000});
  task.failures = 2;
  EXPECT_EQ(parking_of(bench.context, task, to).patience, Millis{60'000});
}

TEST_F(DestinationsTest, AnOriginThatComesBackGetsItsTasksInOrder) {
  const auto dead_until = loops_clock.now() + Millis{30'000};
  world = [&](const auto&, Timestamp now) {
    return now < dead_until ? Meeting{Kind::unreachable, Millis{0}} : Meeting{};
  };
  const auto ids = submit_many("/run", 600);
  pass(Millis{30'000});
  const auto before = order_of["/run"].size();
  pass(Millis{60'000});
  EXPECT_EQ(count_in(ids, domain::Status::completed), 600);
  const auto& order = order_of["/run"];
  // After the first answer the best go first; the probes before that took turns.
  EXPECT_TRUE(std::is_sorted(order.begin() + static_cast<std::ptrdiff_t>(before) + 1, order.end()));
}

TEST_F(DestinationsTest, AFlappingOriginEndsNobodyThatWasNotCalled) {
  const auto start = loops_clock.now();
  world = [&](const auto&, Timestamp now) {
    const bool dead = (now - start).count() / 15'000 % 2 == 0;
    return dead ? Meeting{Kind::unreachable, Millis{0}} : Meeting{Kind::healthy, Millis{300}};
  };
  const auto ids = submit_many("/run", 400, 5);
  pass(Millis{180'000});
  EXPECT_EQ(count_with_error(ids, "destination_open"), 0);
  EXPECT_EQ(count_in(ids, domain::Status::completed), 400);
}

TEST_F(DestinationsTest, OneSlowPathAndOneFailingPathDoNotDelayTheOthers) {
  world = [](const std::string& path, Timestamp) {
    if (path == "/slow") return Meeting{Kind::healthy, Millis{10'000}};
    return path == "/bad" ? Meeting{Kind::answered} : Meeting{};
  };
  const auto slow = submit_many("/slow", 300);
  const auto bad = submit_many("/bad", 140, 1);
  const auto fast = submit_many("/fast", 1'500);
  pass(Millis{15'000});
  EXPECT_EQ(count_in(fast, domain::Status::completed), 1'500);
  EXPECT_EQ(count_in(bad, domain::Status::failed), 140);
  EXPECT_EQ(count_with_error(bad, "it failed"), 140);
  EXPECT_TRUE(std::ranges::is_sorted(order_of["/fast"]));
  pass(Millis{120'000});
  EXPECT_EQ(count_in(slow, domain::Status::completed), 300);
  EXPECT_TRUE(std::ranges::is_sorted(order_of["/slow"]));
}

TEST_F(DestinationsTest, AGatewayWithRetryAfterIsPacedAndNotOpened) {
  Timestamp window;
  int in_window = 0;
  world = [&](const std::string& path, Timestamp now) {
    if (path != "/limited") return Meeting{};
    if (now - window >= Millis{5'000}) {
      window = now;
      in_window = 0;
    }
    if (++in_window <= 20) return Meeting{};
    return Meeting{Kind::slowed, Millis{20}, Millis{5'000}};
  };
  const auto limited = submit_many("/limited", 200, 20);
  const auto other = submit_many("/other", 100);
  pass(Millis{2'000});
  EXPECT_EQ(count_in(other, domain::Status::completed), 100);
  for (int i = 0; i < 120; ++i) {
    pass(Millis{1'000});
    for (const auto& state : states()) EXPECT_EQ(state.state, store::DestinationState::busy);
  }
  EXPECT_EQ(count_in(limited, domain::Status::completed), 200);
}

TEST_F(DestinationsTest, BehindAProxyThatAnswers502EachHandlerOpensByItself) {
  world = [](const std::string& path, Timestamp) {
    return path == "/well" ? Meeting{} : Meeting{Kind::failed};
  };
  submit_many("/a", 60);
  submit_many("/b", 60);
  const auto well = submit_many("/well", 60);
  pass(Millis{10'000});
  EXPECT_EQ(count_in(well, domain::Status::completed), 60);
  std::vector<std::string> open;
  for (const auto& state : states()) {
    if (state.state == store::DestinationState::open) open.push_back(state.name.handler);
  }
  std::ranges::sort(open);
  EXPECT_EQ(open, (std::vector<std::string>{"/a", "/b"}));
}

TEST_F(DestinationsTest, AQueueThatIsPausedDoesNotKeepTheProbe) {
  const auto dead_until = loops_clock.now() + Millis{2'000};
  world = [&](const auto&, Timestamp now) {
    return now < dead_until ? Meeting{Kind::unreachable, Millis{0}} : Meeting{};
  };
  const auto ids = submit_many("/run", 50);
  pass(Millis{1'000});
  domain::QueueSettings paused;
  paused.paused = true;
  set_queue("default", paused);
  pass(Millis{10'000});
  set_queue("default", {});
  pass(Millis{30'000});
  EXPECT_EQ(count_in(ids, domain::Status::completed), 50);
}

// Random histories: paths that answer, time out, cannot be reached or ask for time, each for random
// stretches. No task may end as destination_open whose handler was answered all the time, and none
// before its patience is over.
std::string random_history(auto& sim, std::uint64_t seed) {
  Random random(seed);
  struct Stretch {
    Kind kind;
    Timestamp until;
  };
  std::map<std::string, Stretch> stretches;
  sim.world = [&](const std::string& path, Timestamp now) {
    if (path == "/500") return Meeting{Kind::answered, Millis{50}};
    if (path == "/200") return Meeting{Kind::healthy, Millis{50}};
    auto& stretch = stretches[path];
    if (stretch.until <= now) {
      constexpr Kind kKinds[] = {Kind::healthy, Kind::answered, Kind::failed, Kind::slowed};
      stretch = {kKinds[random.next_u64() % 4],
                 now + Millis{static_cast<std::int64_t>(random.next_u64() % 90'000)}};
    }
    return Meeting{stretch.kind, Millis{static_cast<std::int64_t>(random.next_u64() % 400)}};
  };
  std::map<std::string, std::vector<TaskId>> ids;
  for (int round = 0; round < 15; ++round) {
    for (const auto* path : {"/200", "/500", "/x", "/y"}) {
      const auto added = sim.submit_many(path, static_cast<int>(random.next_u64() % 12), 2);
      ids[path].insert(ids[path].end(), added.begin(), added.end());
    }
    sim.pass(Millis{static_cast<std::int64_t>(random.next_u64() % 20'000)});
  }
  sim.pass(Millis{60'000});
  if (sim.count_with_error(ids["/500"], "destination_open") > 0) return "/500 was answered";
  if (sim.count_in(ids["/200"], domain::Status::completed) !=
      static_cast<int>(ids["/200"].size())) {
    return "/200 was answered";
  }
  for (const auto* path : {"/x", "/y"}) {
    for (const auto id : ids[path]) {
      const auto row = sim.task(id);
      if (!row.error.starts_with("destination_open")) continue;
      const auto since = sim.first_refused.find(id);
      // A minute, and one second of backoff if it has not been called yet.
      const Millis patience{row.failures == 0 ? 61'000 : 60'000};
      if (since == sim.first_refused.end()) return "a task that was called last";
      if (*row.finished_at < since->second + patience) return "too early";
    }
  }
  for (const auto& [id, calls] : sim.calls_of) {
    if (calls > 2) return "more calls than attempts";
  }
  return {};
}

class DestinationHistories : public DestinationsTest {
 public:
  using DestinationsTest::calls_of;
  using DestinationsTest::count_in;
  using DestinationsTest::count_with_error;
  using DestinationsTest::first_refused;
  using DestinationsTest::pass;
  using DestinationsTest::submit_many;
  using DestinationsTest::task;
  using DestinationsTest::world;
};

TEST_F(DestinationHistories, NobodyFailsBecauseOfOthersOrTooEarly) {
  const char* given = std::getenv("BELFRY_SEED");
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : secure_seed() % 100'000;
  EXPECT_EQ(random_history(*this, seed), "") << "BELFRY_SEED=" << seed;
}

TEST_F(DestinationHistories, ControlABreakerOpenedByA500IsCaught) {
  plant_500_opens = true;
  EXPECT_NE(random_history(*this, 1), "");
}

}  // namespace
}  // namespace belfry::dispatch
