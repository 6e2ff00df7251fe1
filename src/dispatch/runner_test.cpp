#include "dispatch/runner.hpp"

#include "dispatch/dispatch_fixture.hpp"

namespace belfry::dispatch {
namespace {

store::Claim::Task claimed(std::uint64_t task, std::int32_t attempt) {
  store::Claim::Task made;
  made.id = TaskId{Uuid{task, 1}};
  made.token = {attempt, 1};
  return made;
}

TEST(Running, KnowsTwoAttemptsOfOneTaskApart) {
  Running running;
  const auto older = running.add(claimed(1, 1));
  const auto newer = running.add(claimed(1, 2));
  EXPECT_EQ(running.size(), 2U);
  running.stop(older->task.id, 1, Fate::lease_lost);
  EXPECT_EQ(older->fate, Fate::lease_lost);
  EXPECT_EQ(newer->fate, Fate::runs);
  running.remove(*newer);
  running.stop_all(Fate::draining);
  EXPECT_EQ(running.all(), std::vector{older});
  running.remove(*older);
  EXPECT_EQ(running.size(), 0U);
}

TEST(Running, KeepsWhatItIsToldOfAnAttemptBeforeTheClaimIsAnswered) {
  Running running;
  running.stop(TaskId{Uuid{1, 1}}, 1, Fate::cancelled);  // no claim is on its way
  running.expect_claims();
  running.stop(TaskId{Uuid{2, 1}}, 1, Fate::cancelled);
  EXPECT_EQ(running.add(claimed(1, 1))->fate, Fate::runs);
  EXPECT_EQ(running.add(claimed(2, 1))->fate, Fate::cancelled);
  EXPECT_EQ(running.add(claimed(2, 2))->fate, Fate::runs);
  running.claims_are_answered();
  EXPECT_EQ(running.add(claimed(2, 1))->fate, Fate::runs);
}

class RunnerTest : public DispatcherTest {
 protected:
  RunnerTest() { make_client(); }
  ~RunnerTest() override {
    if (thread.joinable()) end_loops(nothing());
  }

  // Claims the one ready task and runs its attempt, whose fate is known by then, to its end.
  void run_with(Fate fate) {
    if (!thread.joinable()) run_loops([] {});
    store::Claim claim;
    claim.queue = directory.queue(tenant, "default")->no;
    claim.lanes = store::lane_bit(domain::Lane::push);
    auto reply = answer_to(claim);
    const auto attempt = running.add(std::move(reply->tasks.at(0)));
    attempt->stop(fate);
    boost::asio::co_spawn(context, runner.run(attempt), boost::asio::use_future).get();
    EXPECT_EQ(running.size(), 0U);
  }
  template <class C>
  Result<typename C::Reply> answer_to(C command) {
    return boost::asio::co_spawn(context, gateway.ask(command), boost::asio::use_future).get();
  }

  static boost::asio::awaitable<void> nothing() { co_return; }

  ManualClock loops_clock{clock.now()};
  LoopBench bench{
      context.get_executor(), loops_clock, random, gateway, directory, *client, metrics, one_key()};
  Running running;
  Runner runner{bench.context, running};
};

TEST_F(RunnerTest, SendsNothingForAnAttemptThatIsCancelledBeforeItBegins) {
  http::ScriptedPeer peer({{.send = answer(200)}});
  const auto id = submit(at(peer));
  run_with(Fate::cancelled);
  EXPECT_TRUE(peer.requests().empty());
  EXPECT_EQ(task(id).status, domain::Status::running);  // whoever cancelled it has ended it
}

TEST_F(RunnerTest, HandsBackAnAttemptThatADrainMeetsBeforeItBegins) {
  http::ScriptedPeer peer({{.send = answer(200)}});
  const auto id = submit(at(peer));
  run_with(Fate::draining);
  EXPECT_TRUE(peer.requests().empty());
  EXPECT_EQ(task(id).status, domain::Status::pending);
}

// A task outlives an outage without a loss, yet not for ever: once it has lasted, being turned away
// is a failure, so that the task ends, and is seen, in the end.
TEST_F(RunnerTest, AnOpenBreakerCostsAnAttemptOnceTheOutageHasLasted) {
  http::ScriptedPeer peer({{.send = answer(200)}});
  const auto key = to_string(tenant) + http::parse_url(at(peer).url)->origin();
  for (int i = 0; i < 5; ++i) bench.gate.try_enter(key).done(false);
  const auto id = submit(at(peer));
  run_with(Fate::runs);
  EXPECT_EQ(task(id).status, domain::Status::scheduled);
  EXPECT_EQ(task(id).failures, 0);
  EXPECT_TRUE(outcomes(id).empty());
  loops_clock.advance(Millis{61'000});
  bench.gate.try_enter(key).done(false);  // the probe: it is broken still
  ASSERT_EQ(answer_to(store::MoveDue{1, loops_clock.now()})->moved, 1);
  run_with(Fate::runs);
  EXPECT_EQ(task(id).failures, 1);
  EXPECT_EQ(task(id).error, "circuit_open");
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"failed"});
  EXPECT_TRUE(peer.requests().empty());
}

// The peer reads the second push and closes: each sending has a number of its own, and the end that
// most probably nobody read is not counted.
TEST_F(RunnerTest, APushIsSentAgainUnderANewNumberWhenAKeptConnectionEnds) {
  http::ScriptedPeer peer({{.send = answer(200)}, {.close_after = true}, {.send = answer(200)}});
  submit(at(peer));
  run_with(Fate::runs);
  const auto id = submit(at(peer));
  run_with(Fate::runs);
  EXPECT_EQ(task(id).status, domain::Status::pending);
  EXPECT_EQ(task(id).failures, 0);
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"released"});
  run_with(Fate::runs);
  EXPECT_EQ(task(id).status, domain::Status::completed);
  ASSERT_EQ(peer.requests().size(), 3U);
  EXPECT_TRUE(peer.requests()[1].contains("Belfry-Attempt: 1\r\n"));
  EXPECT_TRUE(peer.requests()[2].contains("Belfry-Attempt: 2\r\n"));
}

}  // namespace
}  // namespace belfry::dispatch
