#include "http/destination_gate.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>

namespace belfry::http {
namespace {

using Pass = DestinationGate::Pass;

class GateTest : public testing::Test {
 protected:
  void make(GateOptions options) {
    gate = std::make_unique<DestinationGate>(context.get_executor(), clock, options);
  }
  // How many of `count` may enter at once; they stay inside.
  int enter_many(const std::string& key, int count) {
    const auto before = inside.size();
    for (int i = 0; i < count; ++i) {
      if (auto pass = gate->try_enter(key)) inside.push_back(std::move(pass));
    }
    return static_cast<int>(inside.size() - before);
  }
  void end_one(bool healthy) {
    auto pass = std::move(inside.front());
    inside.pop_front();
    pass.done(healthy);
  }
  // Enters and leaves.
  bool call(const std::string& key, bool healthy) {
    auto pass = gate->try_enter(key);
    if (!pass) return false;
    pass.done(healthy);
    return true;
  }
  void wait_in_line(const std::string& key, boost::asio::cancellation_signal* cancel = nullptr) {
    const auto took = [this](std::exception_ptr, Pass pass) {
      (pass ? entered : turned_away) += 1;
      if (pass) inside.push_back(std::move(pass));
    };
    if (cancel == nullptr) {
      boost::asio::co_spawn(context, gate->enter(key), took);
    } else {
      boost::asio::co_spawn(context, gate->enter(key),
                            boost::asio::bind_cancellation_slot(cancel->slot(), took));
    }
    context.restart();
    context.poll();
  }
  void run() {
    context.restart();
    context.poll();
  }

  boost::asio::io_context context{1};
  ManualClock clock;
  std::unique_ptr<DestinationGate> gate;
  std::deque<Pass> inside;
  int entered = 0, turned_away = 0;
};

TEST_F(GateTest, HoldsEachKeysCap) {
  make({.in_flight_max = 3});
  EXPECT_EQ(enter_many("a", 5), 3);
  EXPECT_EQ(enter_many("b", 5), 3);
  end_one(true);
  EXPECT_EQ(enter_many("a", 5), 1);
}

TEST_F(GateTest, GrowsWithHealthyCallsAndHalvesWithFailedOnes) {
  make({.in_flight_max = 8, .in_flight_first = 2, .failures_to_open = 100});
  EXPECT_EQ(enter_many("a", 9), 2);
  end_one(true);
  end_one(true);
  EXPECT_EQ(enter_many("a", 9), 4);
  for (int i = 0; i < 4; ++i) end_one(true);
  EXPECT_EQ(enter_many("a", 9), 8);
  end_one(false);
  end_one(false);
  EXPECT_EQ(enter_many("a", 9), 0);  // six are inside, two may be
  for (int i = 0; i < 5; ++i) end_one(true);
  EXPECT_EQ(enter_many("a", 9), 6);
}

TEST_F(GateTest, OpensAfterFailuresInARowAndLetsOneProbeThrough) {
  make({});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(call("a", false));
  EXPECT_TRUE(call("a", true));  // no row of five
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(call("a", false));
  EXPECT_FALSE(call("a", true));
  EXPECT_EQ(gate->closed_until("a"), clock.now() + Millis{5'000});
  EXPECT_FALSE(gate->closed_until("b"));
  clock.advance(Millis{5'000});
  EXPECT_FALSE(gate->closed_until("a"));
  EXPECT_EQ(enter_many("a", 5), 1);
  EXPECT_TRUE(gate->closed_until("a"));
  end_one(true);
  EXPECT_EQ(enter_many("a", 5), 5);
}

TEST_F(GateTest, ProbesLessAndLessOftenWhileItStaysBroken) {
  make({});
  for (int i = 0; i < 5; ++i) call("a", false);
  for (const int wait : {5, 10, 20, 40, 60, 60}) {
    EXPECT_EQ(gate->closed_until("a"), clock.now() + std::chrono::seconds{wait});
    clock.advance(std::chrono::seconds{wait});
    EXPECT_TRUE(call("a", false));
  }
}

TEST_F(GateTest, AnAbortedProbeLetsAnotherOneThrough) {
  make({});
  for (int i = 0; i < 5; ++i) call("a", false);
  clock.advance(Millis{5'000});
  {
    const auto aborted = gate->try_enter("a");
    EXPECT_TRUE(aborted);
  }
  EXPECT_TRUE(call("a", true));
  EXPECT_EQ(enter_many("a", 2), 2);
}

TEST_F(GateTest, LetsThoseInLineInAsOthersLeave) {
  make({.in_flight_max = 1});
  enter_many("a", 1);
  for (int i = 0; i < 3; ++i) wait_in_line("a");
  EXPECT_EQ(entered, 0);
  for (int i = 1; i <= 3; ++i) {
    end_one(true);
    run();
    EXPECT_EQ(entered, i);
  }
}

TEST_F(GateTest, TurnsTheLineAwayWhenItOpens) {
  make({.in_flight_max = 5});
  enter_many("a", 5);
  for (int i = 0; i < 3; ++i) wait_in_line("a");
  for (int i = 0; i < 4; ++i) end_one(false);
  run();
  const int let_in = entered;
  while (!inside.empty()) end_one(false);
  run();
  EXPECT_EQ(let_in + turned_away, 3);
  EXPECT_TRUE(gate->closed_until("a"));
}

TEST_F(GateTest, ACancelledWaitLeavesTheLine) {
  make({.in_flight_max = 1});
  enter_many("a", 1);
  boost::asio::cancellation_signal cancel;
  wait_in_line("a", &cancel);
  wait_in_line("a");
  cancel.emit(boost::asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(entered, 0);
  end_one(true);
  run();
  EXPECT_EQ(entered, 1);  // the other one
}

TEST_F(GateTest, AWaitEndsWithItsTime) {
  make({.in_flight_max = 1, .wait_max = Millis{1}});
  enter_many("a", 1);
  wait_in_line("a");
  while (turned_away == 0) {
    context.restart();
    context.run_one();
  }
  EXPECT_EQ(entered, 0);
}

TEST_F(GateTest, IsCrowdedWhenTheWaitWouldBeLong) {
  make({.in_flight_max = 2});
  enter_many("a", 2);
  EXPECT_FALSE(gate->crowded("a"));
  for (int i = 0; i < 4; ++i) wait_in_line("a");
  EXPECT_FALSE(gate->crowded("a"));  // nothing is known of it yet
  clock.advance(Millis{501});        // two turns of more than half a second
  EXPECT_TRUE(gate->crowded("a"));
  EXPECT_FALSE(gate->crowded("b"));
}

TEST_F(GateTest, PutsOffAtThePaceAtWhichItAnswered) {
  make({.in_flight_max = 2});
  enter_many("a", 2);
  clock.advance(Millis{400});
  end_one(true);
  enter_many("a", 1);  // a destination that nobody calls is forgotten
  const auto first = gate->put_off("a");
  EXPECT_EQ(first, clock.now() + Millis{250});
  EXPECT_EQ(gate->put_off("a"), first + Millis{200});  // 400 ms, two at a time
  EXPECT_EQ(gate->put_off("a"), first + Millis{400});
  for (int i = 0; i < 297; ++i) gate->put_off("a");
  EXPECT_EQ(gate->put_off("a"), clock.now() + Millis{250 + 60'000});
  // More of them than that: at the least spacing, so that they do not all come again at once.
  for (int i = 1; i <= 1'000; ++i) {
    EXPECT_EQ(gate->put_off("a"), clock.now() + Millis{250 + 60'000 + 2 * i});
  }
}

// Calls that began before the breaker opened end when they like: that they failed, or did not, is
// not what the probe is sent to find out.
TEST_F(GateTest, OnlyTheProbeJudgesAnOpenBreaker) {
  for (const bool late_answer : {true, false}) {
    make({});
    enter_many("a", 7);
    for (int i = 0; i < 5; ++i) end_one(false);
    EXPECT_TRUE(gate->refuses("a"));
    clock.advance(Millis{5'000});
    EXPECT_FALSE(gate->refuses("a"));
    auto probe = gate->try_enter("a");
    ASSERT_TRUE(probe);
    EXPECT_FALSE(gate->refuses("a")) << "its answer may be waited for";
    end_one(late_answer);
    EXPECT_TRUE(gate->closed_until("a")) << "the probe is under way still";
    EXPECT_FALSE(gate->try_enter("a"));
    probe.done(false);
    EXPECT_EQ(gate->closed_until("a"), clock.now() + Millis{10'000});
    inside.clear();
  }
}

TEST_F(GateTest, TellsSinceWhenItHasBeenOpen) {
  make({});
  EXPECT_FALSE(gate->open_since("a"));
  for (int i = 0; i < 5; ++i) call("a", false);
  const auto opened = clock.now();
  clock.advance(Millis{5'000});
  call("a", false);
  EXPECT_EQ(gate->open_since("a"), opened);
  clock.advance(Millis{10'000});
  call("a", true);
  EXPECT_FALSE(gate->open_since("a"));
}

TEST_F(GateTest, ForgetsABreakerThatNobodyProbesAnyMore) {
  make({});
  for (int i = 0; i < 5; ++i) call("a", false);
  clock.advance(std::chrono::minutes{5});
  int others = 0;
  const auto sweep = [&] {  // so many that the idle ones are forgotten
    for (int i = 0; i < 5'000; ++i) gate->put_off("other" + std::to_string(others++));
  };
  sweep();
  EXPECT_TRUE(gate->open_since("a"));
  clock.advance(std::chrono::minutes{10});
  sweep();
  EXPECT_FALSE(gate->open_since("a"));
}

}  // namespace
}  // namespace belfry::http
