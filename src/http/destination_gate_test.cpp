#include "http/destination_gate.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>

namespace belfry::http {
namespace {

using Pass = DestinationGate::Pass;
using Kind = CallEnd::Kind;

CallEnd ended(Kind kind) {
  const bool answered = kind == Kind::healthy || kind == Kind::answered || kind == Kind::slowed;
  return {.kind = kind, .response_bytes = answered, .error = "e"};
}

class GateTest : public testing::Test {
 protected:
  void make(GateOptions options = {}) {
    gate = std::make_unique<DestinationGate>(
        DestinationGate::Parts{context.get_executor(), clock, random}, options);
  }
  static Destination at(const std::string& handler, const std::string& origin = "http://a:80") {
    return {TenantId{Uuid{1, 1}}, origin, handler};
  }
  // How many of `count` may enter at once; they stay inside.
  int enter_many(const std::string& handler, int count) {
    const auto before = inside.size();
    for (int i = 0; i < count; ++i) {
      if (auto pass = gate->try_enter(at(handler))) inside.push_back(std::move(pass));
    }
    return static_cast<int>(inside.size() - before);
  }
  void end_one(const CallEnd& end) {
    auto pass = std::move(inside.front());
    inside.pop_front();
    pass.done(end);
  }
  void end_one(Kind kind) { end_one(ended(kind)); }
  // Enters and leaves.
  bool call(const std::string& handler, Kind kind) {
    auto pass = gate->try_enter(at(handler));
    if (!pass) return false;
    pass.done(ended(kind));
    return true;
  }
  void wait_in_line(const std::string& handler, std::int64_t rank,
                    boost::asio::cancellation_signal* cancel = nullptr) {
    const auto took = [this, rank](std::exception_ptr, Pass pass) {
      (pass ? entered : turned_away).push_back(rank);
      if (pass) inside.push_back(std::move(pass));
    };
    auto enter = gate->enter(at(handler), Place{rank, 0});
    if (cancel == nullptr) {
      boost::asio::co_spawn(context, std::move(enter), took);
    } else {
      boost::asio::co_spawn(context, std::move(enter),
                            boost::asio::bind_cancellation_slot(cancel->slot(), took));
    }
    run();
  }
  void run() {
    context.restart();
    context.poll();
  }
  Standing::Kind standing(const std::string& handler) { return gate->standing(at(handler)).kind; }
  void pass_probe_time(const std::string& handler) {
    clock.advance(*gate->standing(at(handler)).next_call - clock.now());
  }

  boost::asio::io_context context{1};
  ManualClock clock;
  Random random{5};
  std::unique_ptr<DestinationGate> gate;
  std::deque<Pass> inside;
  std::vector<std::int64_t> entered, turned_away;
};

TEST(Destination, AHandlerIsAPathWhateverItsQuery) {
  const TenantId tenant{};
  const auto of = [&](const char* text) {
    const auto url = parse_url(text);
    EXPECT_TRUE(url) << text;
    return destination_of(tenant, url.value_or(Url{}));
  };
  EXPECT_EQ(of("http://a.test:80/run?id=1"), of("http://a.test/run?id=2"));
  EXPECT_EQ(of("http://a.test/run").handler, "/run");
  EXPECT_EQ(of("http://a.test/run").origin, "http://a.test");
  EXPECT_NE(of("http://a.test/run"), of("http://a.test/other"));
  EXPECT_NE(of("http://a.test/run"), of("https://a.test/run"));
  EXPECT_NE(of("http://a.test/run"), of("http://a.test:8081/run"));
}

TEST_F(GateTest, AHandlersWindowGrowsWithHealthyCallsAndHalvesWithFailedOnes) {
  make({.handler_max = 8, .handler_first = 2, .breaker = {.failures_to_open = 100}});
  EXPECT_EQ(enter_many("/a", 9), 2);
  EXPECT_EQ(enter_many("/b", 9), 2);
  for (int i = 0; i < 4; ++i) end_one(Kind::healthy);
  EXPECT_EQ(enter_many("/a", 9), 4);
  for (int i = 0; i < 4; ++i) end_one(Kind::healthy);
  EXPECT_EQ(enter_many("/a", 9), 8);
  end_one(Kind::failed);
  end_one(Kind::slowed);
  EXPECT_EQ(enter_many("/a", 9), 0);                    // six are inside, two may be
  for (int i = 0; i < 5; ++i) end_one(Kind::answered);  // says nothing about its capacity
  EXPECT_EQ(enter_many("/a", 9), 1);
}

TEST_F(GateTest, SlowHandlersLeaveSomeOfTheOriginsCallsToOthers) {
  make({.in_flight_max = 64, .handler_max = 64, .handler_first = 64});
  EXPECT_EQ(enter_many("/slow", 100), 56);
  EXPECT_EQ(enter_many("/fast", 100), 2);
  EXPECT_EQ(enter_many("/other", 100), 2);
}

TEST_F(GateTest, AnOriginOpensWhenItCannotBeReachedWhateverTheHandler) {
  make();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(call("/" + std::to_string(i), Kind::unreachable));
  EXPECT_EQ(standing("/new"), Standing::Kind::free);
  call("/4", Kind::unreachable);
  EXPECT_EQ(standing("/new"), Standing::Kind::open);
  EXPECT_TRUE(gate->standing(at("/new")).origin);
  EXPECT_FALSE(gate->try_enter(at("/new")));
  EXPECT_EQ(gate->standing({TenantId{Uuid{2, 2}}, "http://a:80", "/0"}).kind, Standing::Kind::free);
  pass_probe_time("/new");
  EXPECT_EQ(gate->room(at("/new")), 1);
  auto probe = gate->try_enter(at("/0"));
  ASSERT_TRUE(probe);
  EXPECT_EQ(gate->room(at("/new")), 0);
  EXPECT_FALSE(gate->try_enter(at("/1")));
  // Any response byte closes it, though the handler failed.
  probe.done({.kind = Kind::failed, .response_bytes = true, .error = "http_502"});
  EXPECT_EQ(standing("/new"), Standing::Kind::free);
}

TEST_F(GateTest, AHandlerOpensByItsOwnTimeoutsAndStopsOnlyItself) {
  make();
  for (int i = 0; i < 5; ++i) call("/bad", Kind::failed);
  EXPECT_EQ(standing("/bad"), Standing::Kind::open);
  EXPECT_FALSE(gate->standing(at("/bad")).origin);
  EXPECT_EQ(standing("/good"), Standing::Kind::free);
  EXPECT_TRUE(call("/good", Kind::healthy));
  EXPECT_FALSE(call("/bad", Kind::healthy));
  pass_probe_time("/bad");
  EXPECT_TRUE(call("/bad", Kind::answered));
  EXPECT_EQ(standing("/bad"), Standing::Kind::free);
}

TEST_F(GateTest, OtherAnswersNeverOpenAnything) {
  make();
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(call("/a", Kind::answered));
    EXPECT_TRUE(call("/a", Kind::slowed));
    EXPECT_TRUE(call("/a", Kind::unknown));
  }
}

TEST_F(GateTest, ARetryAfterPausesTheHandlerForAWhileAndDoesNotOpenIt) {
  make();
  auto slowed = ended(Kind::slowed);
  slowed.not_before = clock.now() + Millis{7'000};
  gate->try_enter(at("/a")).done(slowed);
  EXPECT_EQ(standing("/a"), Standing::Kind::busy);
  EXPECT_TRUE(gate->crowded(at("/a")));
  EXPECT_EQ(gate->standing(at("/a")).next_call, clock.now() + Millis{7'000});
  EXPECT_EQ(standing("/b"), Standing::Kind::free);
  clock.advance(Millis{7'000});
  EXPECT_EQ(enter_many("/a", 5), 1);
  // A very long one is tried again after a minute.
  slowed.not_before = clock.now() + std::chrono::hours{24};
  end_one(slowed);
  EXPECT_EQ(gate->standing(at("/a")).next_call, clock.now() + Millis{60'000});
}

TEST_F(GateTest, ManyHandlersShareOneEntryThatNeverOpens) {
  make({.in_flight_max = 1'000});
  for (std::size_t i = 0; i < kHandlersPerOrigin; ++i) enter_many("/" + std::to_string(i), 1);
  EXPECT_EQ(gate->entry_of(at("/0")).handler, "/0");
  EXPECT_EQ(gate->entry_of(at("/more")).handler, "");
  EXPECT_EQ(gate->entry_of(at("/more", "http://b:80")).handler, "/more");
  inside.clear();
  EXPECT_EQ(gate->entry_of(at("/more")).handler, "/more") << "idle ones are forgotten";
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(call("", Kind::failed));
  EXPECT_EQ(standing(""), Standing::Kind::free);
}

TEST_F(GateTest, LetsThoseInLineInByTheirPlaceAsOthersLeave) {
  make({.in_flight_max = 1, .handler_first = 1});
  enter_many("/a", 1);
  wait_in_line("/b", 7);
  wait_in_line("/a", 9);
  wait_in_line("/a", 5);
  for (int i = 0; i < 3; ++i) {
    end_one(Kind::answered);
    run();
  }
  EXPECT_EQ(entered, (std::vector<std::int64_t>{5, 7, 9}));
}

TEST_F(GateTest, TurnsTheLineAwayWhenItOpens) {
  make({.handler_first = 5});
  enter_many("/a", 5);
  for (int i = 0; i < 3; ++i) wait_in_line("/a", i);
  while (!inside.empty()) {
    end_one(Kind::failed);
    run();
  }
  EXPECT_EQ(entered.size() + turned_away.size(), 3U);
  EXPECT_FALSE(turned_away.empty());
  EXPECT_EQ(standing("/a"), Standing::Kind::open);
}

TEST_F(GateTest, ACancelledWaitLeavesTheLine) {
  make({.handler_first = 1});
  enter_many("/a", 1);
  boost::asio::cancellation_signal cancel;
  wait_in_line("/a", 1, &cancel);
  wait_in_line("/a", 2);
  cancel.emit(boost::asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(turned_away, (std::vector<std::int64_t>{1}));
  end_one(Kind::answered);
  run();
  EXPECT_EQ(entered, (std::vector<std::int64_t>{2}));
}

TEST_F(GateTest, AWaitEndsWithItsTime) {
  make({.handler_first = 1, .wait_max = Millis{1}});
  enter_many("/a", 1);
  wait_in_line("/a", 1);
  while (turned_away.empty()) {
    context.restart();
    context.run_one();
  }
  EXPECT_TRUE(entered.empty());
}

TEST_F(GateTest, IsCrowdedWhenTheWaitWouldBeLong) {
  make({.handler_first = 2});
  enter_many("/a", 2);
  for (int i = 0; i < 4; ++i) wait_in_line("/a", i);
  EXPECT_FALSE(gate->crowded(at("/a")));  // nothing is known of it yet
  clock.advance(Millis{501});             // two turns of more than half a second
  EXPECT_TRUE(gate->crowded(at("/a")));
  EXPECT_EQ(gate->room(at("/a")), 0);
  EXPECT_FALSE(gate->crowded(at("/b")));
}

TEST_F(GateTest, TellsSinceWhenNamesCannotBeLookedUp) {
  make();
  auto unresolved = ended(Kind::unreachable);
  unresolved.name_unresolved = true;
  const auto first = clock.now();
  for (int i = 0; i < 3; ++i) {
    gate->try_enter(at("/a")).done(unresolved);
    clock.advance(Millis{1'000});
  }
  EXPECT_EQ(gate->unresolved_since(at("/b")), first);
  call("/a", Kind::unreachable);
  EXPECT_FALSE(gate->unresolved_since(at("/b")));
}

TEST_F(GateTest, ForgetsOriginsThatNobodyCalls) {
  make();
  for (int i = 0; i < 5; ++i) call("/a", Kind::unreachable);
  clock.advance(std::chrono::minutes{5});
  int others = 0;
  const auto sweep = [&] {
    for (int i = 0; i < 5'000; ++i) {
      gate->put_off(at("/", "http://other" + std::to_string(others++) + ":80"));
    }
  };
  sweep();
  EXPECT_EQ(standing("/a"), Standing::Kind::open);
}

// Random histories. An open handler has had five failures of its own in a row and nothing else; an
// origin is open only after five calls in a row that could not reach it.
struct History {
  int handler_row[4] = {};
  int origin_row = 0;
};

std::string walk(std::uint64_t seed, bool plant) {
  boost::asio::io_context context;
  ManualClock clock;
  Random random(seed);
  DestinationGate gate({context.get_executor(), clock, random}, {});
  History history;
  for (int step = 0; step < 3'000; ++step) {
    clock.advance(Millis{static_cast<std::int64_t>(random.next_u64() % 2'000)});
    const auto h = random.next_u64() % 4;
    const Destination to{TenantId{Uuid{1, 1}}, "http://a:80", "/" + std::to_string(h)};
    const bool handler_open = history.handler_row[h] >= 5, origin_open = history.origin_row >= 5;
    const bool open = gate.standing(to).kind == Standing::Kind::open;
    if (open != (handler_open || origin_open)) return "step " + std::to_string(step);
    auto pass = gate.try_enter(to);
    if (!pass) continue;
    constexpr Kind kKinds[] = {Kind::healthy,     Kind::answered, Kind::failed,
                               Kind::unreachable, Kind::failed,   Kind::unreachable};
    // Long rows of the same, so that something opens.
    const auto mood = (static_cast<std::uint64_t>(step) / 40) % 3;
    const auto kind = random.next_u64() % 8 < 7 ? kKinds[mood + 1] : kKinds[random.next_u64() % 6];
    auto told = ended(kind);
    if (plant && kind == Kind::answered) told.kind = Kind::failed;  // a 500 counts as a failure
    pass.done(told);
    const bool reached = kind == Kind::healthy || kind == Kind::answered;
    if (kind == Kind::unreachable) {
      ++history.origin_row;
    } else if (reached || !origin_open) {
      history.origin_row = 0;
    }
    if (kind == Kind::failed) ++history.handler_row[h];
    if (reached) history.handler_row[h] = 0;
  }
  return {};
}

TEST(GateHistories, OnlyAHandlersOwnFailuresAndAnUnreachableOriginOpen) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) EXPECT_EQ(walk(seed, false), "") << seed;
}

TEST(GateHistories, ControlABreakerOpenedByA500IsCaught) {
  EXPECT_NE(walk(1, true), "");
}

}  // namespace
}  // namespace belfry::http
