#include "dispatch/runner.hpp"

#include "dispatch/dispatch_fixture.hpp"
#include "http/resolver.hpp"

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

http::CallEnd unreachable() {
  return {.kind = http::CallEnd::Kind::unreachable, .error = "connect_failed"};
}

// A refusal uses neither an attempt nor its number, and the task keeps its place.
TEST_F(RunnerTest, AnOpenDestinationParksATaskWithoutATrace) {
  http::ScriptedPeer peer({{.send = answer(200)}});
  const auto to = http::destination_of(tenant, *http::parse_url(at(peer).url));
  for (int i = 0; i < 5; ++i) bench.gate.try_enter(to).done(unreachable());
  const auto id = submit(at(peer));
  const auto ready_since = task(id).next_at;
  run_with(Fate::runs);
  const auto row = task(id);
  EXPECT_EQ(row.status, domain::Status::pending);
  EXPECT_EQ(row.attempt, 0);
  EXPECT_EQ(row.failures, 0);
  EXPECT_EQ(row.next_at, ready_since);
  EXPECT_EQ(row.parked_at, (store::DestinationName{to.tenant, to.origin, to.handler}));
  EXPECT_TRUE(outcomes(id).empty());
  EXPECT_TRUE(peer.requests().empty());
  EXPECT_FALSE(bench.backlog.empty());
}

TEST_F(RunnerTest, ABetterTaskThatIsParkedIsNotOvertaken) {
  http::ScriptedPeer peer({{.send = answer(200)}});
  const auto to = http::destination_of(tenant, *http::parse_url(at(peer).url));
  const auto id = submit(at(peer));
  bench.backlog.park(to, {std::numeric_limits<std::int64_t>::min(), TaskId{Uuid{1, 1}}});
  run_with(Fate::runs);
  EXPECT_TRUE(task(id).parked_at);
  EXPECT_TRUE(peer.requests().empty());
}

// The peer closes each connection some time after its answer, without saying so: what the next
// request meets there is no answer, and no attempt.
TEST_F(RunnerTest, AStaleConnectionIsFollowedByASecondSendingWithItsOwnNumber) {
  http::ScriptedPeer peer({{.send = answer(200)}, {.close_after = true}, {.send = answer(200)}});
  const auto first = submit(at(peer));
  run_with(Fate::runs);
  ASSERT_EQ(task(first).status, domain::Status::completed);
  const auto second = submit(at(peer));
  run_with(Fate::runs);
  const auto row = task(second);
  EXPECT_EQ(row.status, domain::Status::completed);
  EXPECT_EQ(row.attempt, 2);
  EXPECT_EQ(row.failures, 0);
  EXPECT_EQ(outcomes(second), (std::vector<std::string>{"released", "completed"}));
  const auto requests = peer.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_NE(requests[1].find("\r\nBelfry-Attempt: 1\r\n"), std::string::npos);
  EXPECT_NE(requests[2].find("\r\nBelfry-Attempt: 2\r\n"), std::string::npos);
  EXPECT_TRUE(requests[2].ends_with("\r\n\r\n{\"n\":1}"));
}

// The handler dies of the task: it may be called once more than it has attempts, never twice.
TEST_F(RunnerTest, ARunHasOneStaleEndAndTheNextOneIsAFailedAttempt) {
  http::ScriptedPeer peer({{.send = answer(200)},
                           {.close_after = true},
                           {.close_after = true},
                           {.send = answer(200)},
                           {.close_after = true}});
  submit(at(peer));
  run_with(Fate::runs);
  auto twice = a_task(at(peer));
  twice.options.retry = domain::RetryPolicy{.max_attempts = 2, .initial = Millis{1}};
  const auto id = submit(twice);
  run_with(Fate::runs);
  EXPECT_EQ(task(id).failures, 1) << "the end on the fresh connection counts";
  submit(at(peer));  // leaves a kept connection
  run_with(Fate::runs);
  ASSERT_EQ(answer_to(store::MoveDue{1, clock.now() + Millis{10}})->moved, 1);
  run_with(Fate::runs);
  EXPECT_EQ(task(id).status, domain::Status::failed);
  EXPECT_EQ(task(id).failures, 2);
  EXPECT_EQ(outcomes(id), (std::vector<std::string>{"released", "failed", "failed"}));
}

TEST_F(RunnerTest, ATaskWithOneAttemptGoesOutOnAFreshConnection) {
  http::ScriptedPeer peer({{.send = answer(200)}});
  for (int i = 0; i < 3; ++i) {
    auto once = a_task(at(peer));
    once.options.retry = domain::RetryPolicy{.max_attempts = 1};
    const auto id = submit(once);
    run_with(Fate::runs);
    EXPECT_EQ(task(id).status, domain::Status::completed);
  }
  EXPECT_EQ(peer.connections(), 3U);
}

class NoNames final : public http::Resolver {
 public:
  void resolve(const std::string&, Done done) override { done({}); }
};

TEST_F(RunnerTest, AFailedLookUpDoesNotCountInAnOutagesFirstMinute) {
  auto target = domain::HttpTarget{};
  target.url = "http://no-such-name.invalid:8080/";
  client.emplace(context.get_executor(), egress, http::ClientOptions{},
                 std::make_unique<NoNames>());
  auto once = a_task(target);
  once.options.retry = domain::RetryPolicy{.max_attempts = 1, .initial = Millis{30'000}};
  const auto id = submit(once);
  run_with(Fate::runs);
  EXPECT_EQ(task(id).status, domain::Status::scheduled);
  EXPECT_EQ(task(id).failures, 0);
  EXPECT_EQ(outcomes(id), std::vector<std::string>{"released"});
  loops_clock.advance(Millis{60'000});
  ASSERT_EQ(answer_to(store::MoveDue{1, clock.now() + Millis{60'000}})->moved, 1);
  run_with(Fate::runs);
  EXPECT_EQ(task(id).status, domain::Status::failed);
  EXPECT_EQ(task(id).error, "name_not_resolved");
}

}  // namespace
}  // namespace belfry::dispatch
