#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "async/blocking_pool.hpp"
#include "async/stop_signal.hpp"
#include "async/task_group.hpp"
#include "async/wake_up.hpp"

namespace belfry::async {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::milliseconds;

// Runs one coroutine to its end and gives what it returned.
template <class T>
T run(asio::io_context& context, asio::awaitable<T> work) {
  auto future = asio::co_spawn(context, std::move(work), asio::use_future);
  context.restart();
  context.run();
  return future.get();
}

TEST(StopSignal, TellsEverySubscriberOnce) {
  StopSignal stop;
  int told = 0;
  const auto first = stop.on_request([&] { ++told; });
  const auto second = stop.on_request([&] { ++told; });
  EXPECT_FALSE(stop.requested());

  stop.request();
  stop.request();

  EXPECT_TRUE(stop.requested());
  EXPECT_EQ(told, 2);
}

TEST(StopSignal, CopiesShareTheState) {
  StopSignal stop;
  const StopSignal copy = stop;
  stop.request();
  EXPECT_TRUE(copy.requested());
}

TEST(StopSignal, RunsALateCallbackAtOnce) {
  StopSignal stop;
  stop.request();
  int told = 0;
  const auto subscription = stop.on_request([&] { ++told; });
  EXPECT_EQ(told, 1);
}

TEST(StopSignal, ForgetsAnEndedSubscription) {
  StopSignal stop;
  int told = 0;
  {
    const auto subscription = stop.on_request([&] { ++told; });
  }
  stop.request();
  EXPECT_EQ(told, 0);
}

TEST(StopSignal, AssignmentEndsTheEarlierSubscription) {
  StopSignal stop;
  std::string told;
  auto subscription = stop.on_request([&] { told += "a"; });
  subscription = stop.on_request([&] { told += "b"; });
  auto moved = std::move(subscription);
  stop.request();
  EXPECT_EQ(told, "b");
}

TEST(StopSignal, ACallbackMayEndItsOwnSubscription) {
  StopSignal stop;
  StopSignal::Subscription subscription;
  int told = 0;
  subscription = stop.on_request([&] {
    subscription = {};
    ++told;
  });
  stop.request();
  EXPECT_EQ(told, 1);
}

TEST(StopSignal, SubscribersComeAndGoWhileItIsRequested) {
  for (int round = 0; round < 200; ++round) {
    StopSignal stop;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([stop] {
        int told = 0;  // dies with the thread: a late callback would be a use after scope
        for (int n = 0; n < 20; ++n) {
          const auto subscription = stop.on_request([&told] { ++told; });
        }
      });
    }
    stop.request();
    for (auto& thread : threads) {
      thread.join();
    }
  }
}

asio::awaitable<void> add_one(int& counter) {
  ++counter;
  co_return;
}

asio::awaitable<void> wait_then_add(WakeUp& wake_up, StopSignal stop, int& counter) {
  co_await wake_up.wait(std::nullopt, stop);
  ++counter;
}

asio::awaitable<void> fail() {
  throw std::runtime_error("broken");
  co_return;
}

TEST(TaskGroup, JoinReturnsAtOnceWhenEmpty) {
  asio::io_context context;
  TaskGroup group(context.get_executor(), nullptr);
  run(context, group.join());
  EXPECT_EQ(group.size(), 0U);
}

asio::awaitable<int> join_after_notify(TaskGroup& group, WakeUp& wake_up, int& counter) {
  wake_up.notify();
  co_await group.join();
  co_return counter;
}

TEST(TaskGroup, JoinWaitsForEveryMember) {
  asio::io_context context;
  TaskGroup group(context.get_executor(), nullptr);
  WakeUp wake_up(context.get_executor());
  int counter = 0;
  group.spawn(add_one(counter));
  group.spawn(wait_then_add(wake_up, StopSignal{}, counter));
  EXPECT_EQ(group.size(), 2U);
  EXPECT_EQ(run(context, join_after_notify(group, wake_up, counter)), 2);
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, GivesAFailureToItsOwner) {
  asio::io_context context;
  std::string told;
  TaskGroup group(context.get_executor(), [&](std::exception_ptr failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::runtime_error& error) {
      told = error.what();
    }
  });
  group.spawn(fail());
  run(context, group.join());
  EXPECT_EQ(told, "broken");
}

TEST(TaskGroup, SpawnsFromManyThreads) {
  asio::io_context context;
  std::atomic<int> ran = 0;
  TaskGroup group(context.get_executor(), nullptr);
  std::vector<std::thread> threads;
  std::array<int, 4> counters{};
  for (auto& counter : counters) {
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) {
        group.spawn(add_one(counter));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  run(context, group.join());
  for (const int counter : counters) {
    ran += counter;
  }
  EXPECT_EQ(ran, 400);
}

asio::awaitable<std::vector<WakeUp::Reason>> wait_twice(WakeUp& wake_up,
                                                        std::optional<milliseconds> first,
                                                        std::optional<milliseconds> second,
                                                        StopSignal stop) {
  std::vector<WakeUp::Reason> reasons;
  reasons.push_back(co_await wake_up.wait(first, stop));
  reasons.push_back(co_await wake_up.wait(second, stop));
  co_return reasons;
}

using Reasons = std::vector<WakeUp::Reason>;

TEST(WakeUp, ManyNotificationsWakeOnce) {
  asio::io_context context;
  WakeUp wake_up(context.get_executor());
  wake_up.notify();
  wake_up.notify();
  const auto reasons = run(context, wait_twice(wake_up, hours(1), milliseconds(1), StopSignal{}));
  EXPECT_EQ(reasons, (Reasons{WakeUp::Reason::notified, WakeUp::Reason::timed_out}));
}

TEST(WakeUp, TellsTheStopFromATimeOut) {
  asio::io_context context;
  WakeUp wake_up(context.get_executor());
  StopSignal stop;
  asio::post(context, [stop]() mutable { stop.request(); });
  const auto reasons = run(context, wait_twice(wake_up, hours(1), std::nullopt, stop));
  EXPECT_EQ(reasons, (Reasons{WakeUp::Reason::stopped, WakeUp::Reason::stopped}));
}

TEST(WakeUp, IsWokenFromAnotherThread) {
  asio::io_context context;
  WakeUp wake_up(context.get_executor());
  StopSignal stop;
  auto future =
      asio::co_spawn(context, wait_twice(wake_up, hours(1), hours(1), stop), asio::use_future);
  std::thread loop([&] { context.run(); });
  wake_up.notify();
  stop.request();
  loop.join();
  EXPECT_EQ(future.get().back(), WakeUp::Reason::stopped);
}

asio::awaitable<int> count_until_stop(WakeUp& wake_up, StopSignal stop, std::atomic<bool>& seen) {
  int count = 0;
  while (co_await wake_up.wait(std::nullopt, stop) == WakeUp::Reason::notified) {
    ++count;
    seen.store(true);
    seen.notify_one();
  }
  co_return count;
}

TEST(WakeUp, LosesNoNotification) {
  asio::io_context context;
  WakeUp wake_up(context.get_executor());
  StopSignal stop;
  std::atomic<bool> seen = false;
  auto future = asio::co_spawn(context, count_until_stop(wake_up, stop, seen), asio::use_future);
  std::thread loop([&] { context.run(); });
  for (int n = 0; n < 1'000; ++n) {
    seen.store(false);
    wake_up.notify();
    seen.wait(false);
  }
  stop.request();
  loop.join();
  EXPECT_EQ(future.get(), 1'000);
}

TEST(SleepFor, PassesOrIsStopped) {
  asio::io_context context;
  StopSignal stop;
  EXPECT_TRUE(run(context, sleep_for(milliseconds(1), stop)));
  asio::post(context, [stop]() mutable { stop.request(); });
  EXPECT_FALSE(run(context, sleep_for(hours(1), stop)));
  EXPECT_FALSE(run(context, sleep_for(hours(1), stop)));
}

asio::awaitable<bool> resumed_here(BlockingPool& pool) {
  const auto here = std::this_thread::get_id();
  const auto there = co_await pool.run<std::thread::id>([] { return std::this_thread::get_id(); });
  co_return here != there&& std::this_thread::get_id() == here;
}

TEST(BlockingPool, WorksElsewhereAndResumesHere) {
  asio::io_context context;
  BlockingPool pool(2);
  EXPECT_TRUE(run(context, resumed_here(pool)));
}

int throw_it() {
  throw std::runtime_error("from the pool");
}

asio::awaitable<std::string> caught(BlockingPool& pool) {
  std::string told;
  try {
    co_await pool.run<int>(&throw_it);
  } catch (const std::runtime_error& error) {
    told = error.what();
  }
  co_return told;
}

TEST(BlockingPool, RethrowsToTheCaller) {
  asio::io_context context;
  BlockingPool pool(1);
  EXPECT_EQ(run(context, caught(pool)), "from the pool");
}

}  // namespace
}  // namespace belfry::async
