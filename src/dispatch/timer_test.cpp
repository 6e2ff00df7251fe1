#include "dispatch/timer.hpp"

#include <future>

#include "dispatch/dispatch_fixture.hpp"

namespace belfry::dispatch {
namespace {

boost::asio::awaitable<void> nothing() {
  co_return;
}

class TimerTest : public outbox::LoopsTest<ManualClock> {
 protected:
  // As the loops' thread sees it.
  Millis lag_of(const Timer& timer) {
    std::promise<Millis> lag;
    boost::asio::post(context, [&] { lag.set_value(timer.lag()); });
    return lag.get_future().get();
  }
};

TEST_F(TimerTest, ItsLagGrowsWhileTheStoreHangs) {
  std::promise<void> asked, may_answer;
  auto answers = may_answer.get_future();
  backend->tend([&](std::span<store::Job*> jobs) {
    const auto moves = [](const store::Job* job) {
      return std::holds_alternative<store::MoveDue>(job->command);
    };
    if (!std::ranges::any_of(jobs, moves)) return;
    asked.set_value();
    answers.wait();
  });
  make_client();
  const LoopBench bench(context.get_executor(), clock, random, gateway, directory, *client, metrics,
                        one_key());
  Timer timer(bench.context);
  store::TaskChange due;
  due.to = domain::Status::scheduled;
  due.next_at = clock.now() - Millis{1'000};
  timer.on_changes({&due, 1});
  run_loops([] {});
  auto moved = boost::asio::co_spawn(context, timer.run_once(), boost::asio::use_future);
  asked.get_future().wait();
  EXPECT_EQ(lag_of(timer), Millis{1'000});
  clock.advance(Millis{5'000});
  EXPECT_EQ(lag_of(timer), Millis{6'000});
  may_answer.set_value();
  moved.get();
  EXPECT_EQ(lag_of(timer), Millis{0});
  end_loops(nothing());
}

}  // namespace
}  // namespace belfry::dispatch
