#include "dispatch/dispatcher.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "dispatch/dispatch_fixture.hpp"
#include "store/lease_token.hpp"

namespace belfry::dispatch {
namespace {

using domain::Status;
using http::ScriptedPeer;

Options single_slot() {
  Options options;
  options.push_total = 1;
  return options;
}

TEST_F(DispatcherTest, PushesATaskAndKeepsItsResult) {
  ScriptedPeer peer({{.send = answer(200, "Content-Type: application/json\r\n", R"({"ok":1})")}});
  start();
  const auto id = submit(at(peer));
  ASSERT_TRUE(becomes(id, Status::completed));
  EXPECT_EQ(task(id).result, R"({"ok":1})");
  const auto request = peer.requests().at(0);
  EXPECT_NE(request.find("\r\nBelfry-Task-Id: " + to_string(id)), std::string::npos);
  EXPECT_NE(request.find("\r\nBelfry-Attempt: 1\r\n"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"n\":1}"));
}

TEST_F(DispatcherTest, FindsWhatWaitedBeforeItsStart) {
  ScriptedPeer peer({{.send = answer(204)}});
  const auto id = submit(at(peer));
  start();
  EXPECT_TRUE(becomes(id, Status::completed));
}

TEST_F(DispatcherTest, TriesAgainByThePolicyAndThenFails) {
  ScriptedPeer peer({{.send = answer(500, "", "out of order")},
                     {.send = "HTTP/1.1 200 O", .close_after = true},
                     {.hang = true}});
  start();
  auto target = at(peer);
  target.timeout = Millis{100};
  const auto id = submit(target);
  ASSERT_TRUE(becomes(id, Status::failed));
  EXPECT_EQ(outcomes(id), (std::vector<std::string>{"failed", "failed", "failed"}));
  EXPECT_EQ(task(id).failures, 3);
  EXPECT_EQ(task(id).error, "timed_out");
  EXPECT_EQ(peer.requests().size(), 3U);
}

TEST_F(DispatcherTest, FailsForGoodWhenToldSo) {
  ScriptedPeer gone({{.send = answer(410)}});
  ScriptedPeer never({{.send = answer(500, "Belfry-Retry: never\r\n")}});
  start();
  for (auto* peer : {&gone, &never}) {
    const auto id = submit(at(*peer));
    ASSERT_TRUE(becomes(id, Status::failed));
    EXPECT_EQ(task(id).attempt, 1);
  }
}

TEST_F(DispatcherTest, WaitsAsLongAsRetryAfterAsks) {
  ScriptedPeer peer({{.send = answer(503, "Retry-After: 3600\r\n")}});
  start();
  const auto id = submit(at(peer));
  ASSERT_TRUE(becomes(id, Status::scheduled));
  EXPECT_GE(task(id).next_at, clock.now() + std::chrono::minutes{59});
}

TEST_F(DispatcherTest, AForbiddenDestinationFailsWithoutAnotherAttempt) {
  start();
  domain::HttpTarget target;
  target.url = "http://10.0.0.1:8080/";
  const auto id = submit(target);
  ASSERT_TRUE(becomes(id, Status::failed));
  EXPECT_EQ(task(id).error, "destination_forbidden");
  EXPECT_EQ(task(id).attempt, 1);
}

TEST_F(DispatcherTest, OpensSealedHeaders) {
  ScriptedPeer peer({{.send = answer(200)}});
  start();
  auto target = at(peer);
  target.headers = {{"Authorization", domain::kSealedHeaderMark + std::string("sealed")}};
  ASSERT_TRUE(becomes(submit(target), Status::completed));
  EXPECT_NE(peer.requests().at(0).find("Authorization: opened\r\n"), std::string::npos);
}

TEST_F(DispatcherTest, EchoesAndFailsAsOftenAsTold) {
  start();
  const auto id = submit(domain::EchoTarget{.fail_times = 2});
  ASSERT_TRUE(becomes(id, Status::completed));
  EXPECT_EQ(task(id).attempt, 3);
  EXPECT_EQ(task(id).result, R"({"n":1})");
}

TEST_F(DispatcherTest, StartsNothingBeforeItsTime) {
  ScriptedPeer peer({{.send = answer(200)}});
  start();
  auto later = a_task(at(peer));
  later.scheduled_for = clock.now() + Millis{80};
  const auto id = submit(later);
  ASSERT_TRUE(becomes(id, Status::completed));
  EXPECT_GE(*task(id).started_at, *later.scheduled_for);
}

TEST_F(DispatcherTest, AnAcceptedPushRunsUntilItsTimeoutAndIsOfferedAgain) {
  ScriptedPeer peer({{.send = answer(202)}, {.send = answer(200)}});
  start();
  auto target = at(peer);
  target.timeout = Millis{1'000};
  const auto id = submit(target);
  ASSERT_TRUE(becomes(id, Status::completed));
  EXPECT_EQ(outcomes(id), (std::vector<std::string>{"lease_lost", "completed"}));
  EXPECT_EQ(metric("belfry_leases_lost_total"), 1);
}

TEST_F(DispatcherTest, ALostLeaseIsOfferedAgainUntilAttemptsAreUsedUp) {
  start();
  auto once = a_task(domain::WorkerTarget{});
  once.options.retry->max_attempts = 1;
  const auto last = submit(once), other = submit(domain::WorkerTarget{});
  transact([](store::Transaction&) {});
  store::Claim claim;
  claim.queue = directory.queue(tenant, "default")->no;
  claim.lanes = store::lane_bit(domain::Lane::worker);
  claim.kind = store::LeaseKind::worker;
  claim.max = 2;
  claim.lease = Millis{1};
  const auto claimed =
      boost::asio::co_spawn(context, gateway.ask(claim), boost::asio::use_future).get();
  ASSERT_EQ(claimed->tasks.size(), 2U);
  ASSERT_TRUE(becomes(last, Status::failed));
  ASSERT_TRUE(becomes(other, Status::pending));
  EXPECT_EQ(task(other).failures, 1);
}

TEST_F(DispatcherTest, EndsWhatExpiresBeforeItCanStart) {
  domain::QueueSettings paused;
  paused.paused = true;
  set_queue("default", paused);
  start();
  auto brief = a_task(domain::EchoTarget{});
  brief.expires_at = clock.now() + Millis{30};
  const auto id = submit(brief);
  ASSERT_TRUE(becomes(id, Status::expired));
  EXPECT_EQ(task(id).attempt, 0);
}

TEST_F(DispatcherTest, APausedQueueStartsNothingUntilItIsResumed) {
  domain::QueueSettings settings;
  settings.paused = true;
  set_queue("default", settings);
  start();
  const auto id = submit(domain::EchoTarget{});
  auto elsewhere = a_task(domain::EchoTarget{});
  elsewhere.queue = "open";
  ASSERT_TRUE(becomes(submit(elsewhere), Status::completed));
  EXPECT_EQ(task(id).status, Status::pending);
  settings.paused = false;
  set_queue("default", settings);
  EXPECT_TRUE(becomes(id, Status::completed));
}

TEST_F(DispatcherTest, HoldsAQueuesConcurrencyLimit) {
  domain::QueueSettings settings;
  settings.concurrency_limit = 1;
  set_queue("narrow", settings);
  ScriptedPeer peer({{.send = answer(200)}});
  start();
  std::vector<TaskId> all;
  for (int i = 0; i < 20; ++i) {
    auto one = a_task(at(peer));
    one.queue = "narrow";
    all.push_back(submit(one));
  }
  int most = 0;
  ASSERT_TRUE(eventually([&] {
    int running = 0, done = 0;
    // All in one snapshot: between two the first may have ended and the next begun.
    gateway.read_blocking([&](store::Snapshot& snapshot) {
      for (const auto id : all) {
        const auto row = snapshot.tasks().find(tenant, id);
        running += row->status == Status::running ? 1 : 0;
        done += row->status == Status::completed ? 1 : 0;
      }
    });
    most = std::max(most, running);
    return done == 20;
  }));
  EXPECT_LE(most, 1);
}

TEST_F(DispatcherTest, WhatWaitsForTheTenantsLimitStartsWhenOneEndsOrTheLimitRises) {
  const auto limit = [this](int running_max) {
    domain::TenantLimits limits;
    limits.running_max = running_max;
    transact([&](store::Transaction& tx) {
      EXPECT_TRUE(tx.tenant_writes().set_limits(tenant, limits));
    });
  };
  limit(1);
  ScriptedPeer hanging({{.hang = true}});
  ScriptedPeer good({{.send = answer(200)}});
  auto once = a_task(at(hanging));
  once.options.retry->max_attempts = 1;
  const auto first = submit(once);
  const auto second = submit(once);
  const auto third = submit(at(good));
  start();
  hanging.wait_for_requests(1);  // the claim that took the first knows that the others must wait
  EXPECT_EQ(task(second).status, Status::pending);
  hanging.drop_connections();
  ASSERT_TRUE(becomes(first, Status::failed));
  hanging.wait_for_requests(2);
  EXPECT_EQ(task(third).status, Status::pending);
  limit(2);
  ASSERT_TRUE(becomes(third, Status::completed));
  EXPECT_EQ(task(second).status, Status::running);
}

TEST_F(DispatcherTest, CancellingARunningPushAbortsIt) {
  ScriptedPeer peer({{.hang = true}, {.send = answer(200)}});
  start(single_slot());
  const auto id = submit(at(peer));
  peer.wait_for_requests(1);
  store::End end;
  end.tenant = tenant;
  end.id = id;
  transact([&](store::Transaction& tx) { EXPECT_TRUE(tx.end(end)); });
  EXPECT_EQ(task(id).status, Status::cancelled);
  // Its slot is free: another one with the single slot there is gets through.
  ASSERT_TRUE(becomes(submit(at(peer)), Status::completed));
  EXPECT_EQ(task(id).status, Status::cancelled);
}

// The target failed its task by the API while its answer is still due: the next attempt starts, and
// this one holds nothing any more, neither a slot nor the drain.
TEST_F(DispatcherTest, APushWhoseAttemptHasEndedElsewhereIsAborted) {
  ScriptedPeer peer({{.hang = true}, {.send = answer(200)}});
  auto options = single_slot();
  options.renewal = std::chrono::hours{1};  // it is not by this, nor by its timeout, that it ends
  start(options);
  auto target = at(peer);
  target.timeout = std::chrono::hours{1};
  const auto id = submit(target);
  peer.wait_for_requests(1);
  const auto request = peer.requests().at(0);
  const auto lease = request.find("\r\nBelfry-Lease: ") + 16;
  store::Finish finish;
  finish.tenant = tenant;
  finish.id = id;
  finish.token =
      *store::parse_lease_token(request.substr(lease, request.find("\r\n", lease) - lease));
  finish.verdict = store::Verdict::retry;
  const auto failed =
      boost::asio::co_spawn(context, gateway.ask(finish), boost::asio::use_future).get();
  ASSERT_TRUE(failed);
  ASSERT_TRUE(becomes(id, Status::completed));
  EXPECT_EQ(task(id).attempt, 2);
}

TEST_F(DispatcherTest, AnAcceptanceIsToldAgainWhileTheStoreIsAway) {
  std::atomic<int> refused{0};
  backend->tend([&](std::span<store::Job*> jobs) {
    const auto accepts = [](const store::Job* job) {
      const auto* renew = std::get_if<store::Renew>(&job->command);
      return renew != nullptr && renew->accepted;
    };
    if (std::ranges::any_of(jobs, accepts) && refused++ < 3) throw store::Unavailable("busy");
  });
  ScriptedPeer peer({{.send = answer(202)}});
  start();
  const auto id = submit(at(peer));
  peer.wait_for_requests(1);
  const auto is_the_targets = [&] { return task(id).next_at > clock.now() + Millis{20'000}; };
  ASSERT_TRUE(eventually(is_the_targets));
  EXPECT_GT(refused, 3);
  // Nobody here renews the lease, and a drain leaves it alone.
  stop(std::chrono::milliseconds{0});
  EXPECT_EQ(task(id).status, Status::running);
  EXPECT_TRUE(is_the_targets());
}

TEST_F(DispatcherTest, ADestinationThatHangsLeavesSlotsToTheOthers) {
  ScriptedPeer hanging({{.hang = true}});
  ScriptedPeer good({{.send = answer(200)}});
  Options options;
  options.push_total = 100;  // 200 tasks that waited for their turn would take all of them
  start(options);
  std::vector<TaskId> stuck;
  for (int i = 0; i < 200; ++i) stuck.push_back(submit(at(hanging)));
  EXPECT_TRUE(becomes(submit(at(good)), Status::completed));
  // In the end it holds as many as it is given calls, and a few that are being handed back.
  EXPECT_TRUE(eventually([&] {
    int running = 0;
    for (const auto id : stuck) running += task(id).status == Status::running ? 1 : 0;
    return running <= 64;
  }));
  EXPECT_EQ(metric(R"(belfry_attempts_finished_total{outcome="failed"})"), 0);
}

TEST_F(DispatcherTest, LargePushesThatHangLeaveMemoryToOtherTenants) {
  ScriptedPeer hanging({{.hang = true}});
  ScriptedPeer peer({{.send = answer(204)}});
  const std::string large = "\"" + std::string(1'000, 'x') + "\"";
  std::vector<TaskId> ids;
  for (int i = 0; i < 10; ++i) {
    auto task = a_task(at(hanging));
    task.payload = large;
    ids.push_back(submit(task));
  }
  Options options;
  options.push_bytes_a_tenant = 2'500;
  start(options);
  hanging.wait_for_requests(3);
  auto other = a_task(at(peer));
  other.tenant = add_tenant();
  const auto id = submit(other);
  peer.wait_for_requests(1);
  gateway.read_blocking([&](store::Snapshot& snapshot) {
    EXPECT_EQ(snapshot.metrics().counts(tenant)[Status::running], 3);
  });
  // Room that an end gives back is used at once.
  transact([&](store::Transaction& tx) {
    store::End end;
    end.tenant = tenant;
    for (const auto task : ids) {
      end.id = task;
      if (tx.tasks().find(tenant, task)->status == Status::running) EXPECT_TRUE(tx.end(end));
    }
  });
  hanging.wait_for_requests(6);
  EXPECT_TRUE(eventually([&] {
    bool done = false;
    gateway.read_blocking([&](store::Snapshot& snapshot) {
      done = snapshot.tasks().find(other.tenant, id)->status == Status::completed;
    });
    return done;
  }));
}

TEST_F(DispatcherTest, ADrainHandsBackWhatRunsWithoutUsingUpAnAttempt) {
  ScriptedPeer peer({{.hang = true}, {.send = answer(200)}});
  start();
  const auto id = submit(at(peer));
  peer.wait_for_requests(1);
  stop(std::chrono::milliseconds{0});
  EXPECT_EQ(task(id).status, Status::pending);
  EXPECT_EQ(task(id).run_attempt, 0);
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"released"});
  start();
  ASSERT_TRUE(becomes(id, Status::completed));
  EXPECT_EQ(task(id).attempt, 2);  // numbers rise still
}

TEST_F(DispatcherTest, ADrainLetsFinishWhatFinishesInTime) {
  ScriptedPeer peer({{.send = answer(200)}});  // what a drain leaves unbegun is pushed next round
  std::vector<TaskId> all;
  for (int round = 0; round < 20; ++round) {  // a claim may be on its way when the drain begins
    const auto before = peer.requests().size();
    start();
    for (int i = 0; i < 50; ++i) all.push_back(submit(at(peer)));
    peer.wait_for_requests(before + 1);
    stop(std::chrono::seconds{30});
    for (const auto id : all) {
      ASSERT_NE(task(id).status, Status::running) << "in round " << round;
      ASSERT_EQ(task(id).failures, 0) << "in round " << round;
    }
  }
  for (const auto id : all) {
    for (const auto& outcome : outcomes(id)) EXPECT_EQ(outcome, "completed");
  }
}

// Ends the peer's connections when the drain has had many chances not to wait for them.
boost::asio::awaitable<void> drop_later(ScriptedPeer& peer) {
  const auto here = co_await boost::asio::this_coro::executor;
  for (int i = 0; i < 100; ++i) co_await boost::asio::post(here, boost::asio::use_awaitable);
  peer.drop_connections();
}

TEST_F(DispatcherTest, ADrainWaitsForTheEndOfWhatRuns) {
  ScriptedPeer peer({{.hang = true}});
  start();
  const auto id = submit(at(peer));
  peer.wait_for_requests(1);
  using boost::asio::experimental::awaitable_operators::operator&&;
  end_loops(dispatcher->drain(std::chrono::seconds{30}) && drop_later(peer));
  dispatcher.reset();
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"failed"}) << "a drain at once would release it";
}

TEST_F(DispatcherTest, KeepsTheLeaseOfAPushThatTakesLong) {
  ScriptedPeer peer({{.hang = true}});
  Options options;
  options.lease = Millis{300};
  options.renewal = Millis{50};
  start(options);
  const auto id = submit(at(peer));
  peer.wait_for_requests(1);
  const auto first = task(id).next_at;
  ASSERT_TRUE(eventually([&] { return task(id).next_at > *first + Millis{300}; }));
  EXPECT_EQ(task(id).attempt, 1);
  EXPECT_EQ(metric("belfry_leases_lost_total"), 0);
}

}  // namespace
}  // namespace belfry::dispatch
