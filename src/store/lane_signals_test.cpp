#include "store/lane_signals.hpp"

#include <gtest/gtest.h>

namespace belfry::store {
namespace {

using domain::Lane;
using domain::Status;

constexpr QueueNo kMail{1};
constexpr QueueNo kPost{2};

Committed ready(QueueNo queue, int count, Lane lane = Lane::worker, Status to = Status::pending) {
  Committed committed;
  for (int i = 0; i < count; ++i) {
    auto& change = committed.changes.emplace_back();
    change.queue = queue;
    change.lane = lane;
    change.to = to;
  }
  return committed;
}

struct Waiting {
  explicit Waiting(LaneSignals& signals, std::vector<QueueNo> queues)
      : subscription(signals.subscribe(std::move(queues), [this] { ++woken; })) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  int woken = 0;
  LaneSignals::Subscription subscription;
};

TEST(LaneSignals, WakesAsManyAsThereAreTasksTheLongestWaitingFirst) {
  LaneSignals signals;
  Waiting first(signals, {kMail});
  Waiting second(signals, {kMail});
  Waiting third(signals, {kMail});
  signals.on_commit(ready(kMail, 2));
  EXPECT_EQ(first.woken, 1);
  EXPECT_EQ(second.woken, 1);
  EXPECT_EQ(third.woken, 0);
  // The one left over is now the one that has waited longest.
  signals.on_commit(ready(kMail, 1));
  EXPECT_EQ(third.woken, 1);
  EXPECT_EQ(first.woken, 1);
  signals.on_commit(ready(kMail, 10));
  EXPECT_EQ(first.woken + second.woken + third.woken, 6);
}

TEST(LaneSignals, WakesOnlyForTheirQueues) {
  LaneSignals signals;
  Waiting mail(signals, {kMail});
  Waiting both(signals, {kMail, kPost});
  signals.on_commit(ready(kPost, 5));
  EXPECT_EQ(mail.woken, 0);
  EXPECT_EQ(both.woken, 1);
  // Having been woken for one queue, it is last in the line of the other.
  signals.on_commit(ready(kMail, 1));
  EXPECT_EQ(mail.woken, 1);
  EXPECT_EQ(both.woken, 1);
}

TEST(LaneSignals, IgnoresWhatNoWorkerCouldTake) {
  LaneSignals signals;
  Waiting worker(signals, {kMail});
  signals.on_commit(ready(kMail, 1, Lane::push));
  signals.on_commit(ready(kMail, 1, Lane::worker, Status::scheduled));
  signals.on_commit(ready(kMail, 1, Lane::worker, Status::completed));
  EXPECT_EQ(worker.woken, 0);
  signals.on_commit(ready(kMail, 1, Lane::by_queue_default));
  EXPECT_EQ(worker.woken, 1);
}

// What stood before the next task has gone, so a claim that stopped at it finds more now.
TEST(LaneSignals, TasksThatExpiredWakeOneHoweverMany) {
  LaneSignals signals;
  Waiting first(signals, {kMail});
  Waiting second(signals, {kMail});
  signals.on_commit(ready(kMail, 5, Lane::worker, Status::expired));
  EXPECT_EQ(first.woken, 1);
  EXPECT_EQ(second.woken, 0);
}

TEST(LaneSignals, ConfigurationWakesEveryoneOnce) {
  LaneSignals signals;
  Waiting one(signals, {kMail});
  Waiting two(signals, {kPost, kMail});
  Committed resumed;
  resumed.configuration_changed = true;
  signals.on_commit(resumed);
  EXPECT_EQ(one.woken, 1);
  EXPECT_EQ(two.woken, 1);
  signals.wake_all();
  EXPECT_EQ(two.woken, 2);
}

TEST(LaneSignals, WhoHasLeftIsNotWoken) {
  LaneSignals signals;
  int woken = 0;
  auto kept = signals.subscribe({kMail}, [&woken] { ++woken; });
  {
    const auto left = signals.subscribe({kMail}, [] { FAIL(); });
  }
  auto moved = std::move(kept);
  signals.on_commit(ready(kMail, 5));
  EXPECT_EQ(woken, 1);
  moved = {};
  signals.on_commit(ready(kMail, 5));
  signals.wake_all();
  EXPECT_EQ(woken, 1);
}

TEST(LaneSignals, ASubscriptionMayOutliveTheSignals) {
  LaneSignals::Subscription subscription;
  {
    LaneSignals signals;
    subscription = signals.subscribe({kMail, kMail, kPost}, [] {});
  }
}

TEST(LaneSignals, WhoWaitsForQueuesThatDoNotExistIsWokenWhenSomeAreMade) {
  LaneSignals signals;
  Waiting early(signals, {});
  signals.on_commit(ready(kMail, 1));
  EXPECT_EQ(early.woken, 0);
  signals.wake_all();
  EXPECT_EQ(early.woken, 1);
}

}  // namespace
}  // namespace belfry::store
