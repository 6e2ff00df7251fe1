#include "store/gateway_fixture.hpp"

namespace belfry::store {
namespace {

TEST_F(GatewayTest, ALoneCommandIsACommitOfItsOwn) {
  open();
  const auto reply = ask(a_submit(7)).get();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->id, TaskId({7, 7}));
  EXPECT_TRUE(backend_.has(reply->id));
  EXPECT_EQ(backend_.batches(), std::vector<std::size_t>{1});
}

TEST_F(GatewayTest, WhatGathersDuringACommitIsTheNextOne) {
  open();
  auto first = hold_one();
  std::vector<Future<Result<Submit::Reply>>> others;
  for (std::uint64_t n = 1; n <= 500; ++n) others.push_back(ask(a_submit(n)));
  await_waiting(500);
  backend_.release();
  EXPECT_TRUE(first.get());
  for (auto& other : others) EXPECT_TRUE(other.get());
  EXPECT_EQ(backend_.batches(), (std::vector<std::size_t>{1, 500}));
  EXPECT_EQ(metric("belfry_store_commits_total"), 2U);
  EXPECT_EQ(metric("belfry_store_commands_total"), 501U);
}

TEST_F(GatewayTest, ManyCommandsOfOneCallerAreSplitAtBatchMaxAndAnsweredInOrder) {
  open({.batch_max = 1'000});
  auto first = hold_one();
  std::vector<Command> commands;
  for (std::uint64_t n = 1; n <= 2'500; ++n) commands.emplace_back(a_submit(n));
  auto all = ask_all(std::move(commands));
  await_waiting(2'500);
  backend_.release();
  const auto replies = all.get();
  ASSERT_EQ(replies.size(), 2'500U);
  for (std::uint64_t n = 1; n <= 2'500; ++n) {
    EXPECT_EQ(std::get<Submit::Reply>(*replies[n - 1]).id, TaskId({n, n}));
  }
  EXPECT_EQ(backend_.batches(), (std::vector<std::size_t>{1, 1'000, 1'000, 500}));
  EXPECT_TRUE(ask_all({}).get().empty());
  EXPECT_TRUE(first.get());
}

TEST_F(GatewayTest, IsBehindWithMoreCreationsThanTwoTransactionsTake) {
  open({.batch_max = 10});
  std::latch caught_up(1);
  gateway_->when_caught_up([&] { caught_up.count_down(); });
  auto first = hold_one();
  std::vector<Future<Result<Submit::Reply>>> others;
  for (std::uint64_t n = 1; n < 20; ++n) others.push_back(ask(a_submit(n)));
  const auto ends = ask_all(std::vector<Command>(30, Command{Finish{}}));
  await_waiting(49);
  EXPECT_FALSE(gateway_->behind_with_creations());
  others.push_back(ask(a_submit(20)));
  await_waiting(50);
  EXPECT_TRUE(gateway_->behind_with_creations());
  backend_.release();
  caught_up.wait();
  for (auto& other : others) EXPECT_TRUE(other.get());
  ends.wait();
  EXPECT_FALSE(gateway_->behind_with_creations());
}

TEST_F(GatewayTest, IsBehindWithMoreReadsThanItsReadersNeed) {
  open({.readers = 2});
  std::latch caught_up(1);
  gateway_->when_caught_up([&] { caught_up.count_down(); });
  std::latch go_on(1);
  std::vector<Future<Result<int>>> reads;
  const auto begin_one = [&] {
    reads.push_back(read([&](Snapshot&) {
      go_on.wait();
      return 1;
    }));
  };
  for (int i = 0; i < 16; ++i) begin_one();
  // The last of them is in progress once a command that came after it has been answered.
  EXPECT_TRUE(ask(a_submit(1)).get());
  EXPECT_FALSE(gateway_->behind_with_reads());
  begin_one();
  EXPECT_TRUE(ask(a_submit(2)).get());
  EXPECT_TRUE(gateway_->behind_with_reads());
  EXPECT_FALSE(gateway_->behind_with_creations());
  go_on.count_down();
  caught_up.wait();
  for (auto& one : reads) EXPECT_TRUE(one.get());
  EXPECT_FALSE(gateway_->behind_with_reads());
}

// Asks for `n` tasks and counts those that were answered while their commit was not there.
int answered_too_early(Gateway& gateway, FakeBackend& backend, asio::io_context& context, int n) {
  std::atomic<int> early{0};
  std::latch done(n);
  for (int i = 1; i <= n; ++i) {
    const auto id = static_cast<std::uint64_t>(i);
    asio::co_spawn(context, gateway.ask(a_submit(id)),
                   [&early, &done, &backend, id](std::exception_ptr, auto reply) {
                     if (reply && !backend.has(TaskId{{id, id}})) ++early;
                     done.count_down();
                   });
  }
  done.wait();
  return early;
}

TEST_F(GatewayTest, NobodyIsAnsweredBeforeTheCommitThatHoldsTheWrite) {
  open();
  EXPECT_EQ(answered_too_early(*gateway_, backend_, loop_.context, 200), 0);
  auto held = hold_one();
  EXPECT_FALSE(backend_.has(TaskId{{1'000'000, 1'000'000}}));
  EXPECT_EQ(held.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  backend_.release();
  EXPECT_TRUE(held.get());
}

// The negative control of the test above: a store that answers before it commits is caught.
TEST_F(GatewayTest, AStoreThatAcknowledgesTooEarlyIsCaught) {
  open();
  backend_.script(std::vector<Act>(200, Act::lie));
  EXPECT_GT(answered_too_early(*gateway_, backend_, loop_.context, 200), 0);
}

TEST_F(GatewayTest, ListenersHearOfACommitBeforeItsCallersDo) {
  open();
  std::atomic<int> heard{0};
  gateway_->add_listener(
      [&](const Committed& committed) { heard += static_cast<int>(committed.changes.size()); });
  for (int n = 1; n <= 20; ++n) {
    ASSERT_TRUE(ask(a_submit(static_cast<std::uint64_t>(n))).get());
    EXPECT_EQ(heard, n);
  }
}

TEST_F(GatewayTest, EveryoneResumesOnTheirOwnExecutor) {
  open();
  Loop other;
  std::atomic<int> wrong{0};
  std::latch done(200);
  auto first = hold_one();
  for (std::uint64_t n = 1; n <= 200; ++n) {
    auto& mine = n % 2 == 0 ? loop_.context : other.context;
    asio::co_spawn(mine, gateway_->ask(a_submit(n)),
                   [&wrong, &done, &mine](std::exception_ptr, auto) {
                     if (!mine.get_executor().running_in_this_thread()) ++wrong;
                     done.count_down();
                   });
  }
  await_waiting(200);
  backend_.release();
  done.wait();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(first.get());
  gateway_->stop();  // its thread may still be inside the other executor's post
}

TEST_F(GatewayTest, ABusyStoreRefusesTheBatchAndGoesOn) {
  open();
  backend_.script({Act::busy});
  const auto refused = ask(a_submit(1)).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_unavailable);
  EXPECT_EQ(refused.error().retry_after, Millis{1'000});
  EXPECT_FALSE(backend_.has(TaskId{{1, 1}}));
  EXPECT_TRUE(ask(a_submit(2)).get());
  EXPECT_FALSE(gateway_->broken());
}

TEST_F(GatewayTest, UnderLoadClaimsWaitInTheLineOfCompletions) {
  open({.waiting_max = 1});
  auto first = hold_one();
  auto filler = ask(a_submit(1));
  await_waiting(1);
  auto claim = ask(Claim{});
  await_waiting(2);
  EXPECT_FALSE(ask(a_submit(2)).get());
  backend_.release();
  EXPECT_TRUE(claim.get());
  EXPECT_TRUE(filler.get());
  EXPECT_TRUE(first.get());
}

class BrokenGateway : public GatewayTest, public testing::WithParamInterface<Act> {};

TEST_P(BrokenGateway, IsBrokenForGood) {
  open();
  backend_.script({GetParam()});
  const auto refused = ask(a_submit(1)).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_unavailable);
  EXPECT_TRUE(gateway_->broken());
  EXPECT_TRUE(broken_reason_.starts_with("scripted"));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(ask(Finish{}).get());
  EXPECT_FALSE(read([](Snapshot&) { return 1; }).get());
  EXPECT_FALSE(gateway_->transact_blocking([](Transaction&) { return Result<>(); }));
  EXPECT_THROW(gateway_->read_blocking([](Snapshot&) {}), Unavailable);
  EXPECT_EQ(broken_calls_, 1);
  EXPECT_EQ(backend_.batches().size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(Gateway, BrokenGateway, testing::Values(Act::broken, Act::unknown));

TEST_F(GatewayTest, WhatWaitedWhenTheStoreBrokeIsNotAcknowledgedEither) {
  open();
  auto first = hold_one();
  auto second = ask(Finish{});
  await_waiting(1);
  backend_.script({Act::broken});
  backend_.release();
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(second.get());
  EXPECT_EQ(backend_.batches().size(), 1U);
}

TEST_F(GatewayTest, AReaderThatFindsCorruptionStopsTheWriterToo) {
  open();
  backend_.script_reads({Act::broken});
  EXPECT_FALSE(read([](Snapshot&) { return 1; }).get());
  EXPECT_TRUE(gateway_->broken());
  EXPECT_FALSE(ask(Finish{}).get());
  EXPECT_EQ(broken_calls_, 1);
}

TEST_F(GatewayTest, AReadWithoutMemoryIsRefusedAndNothingElseHappens) {
  open();
  backend_.script_reads({Act::no_memory});
  const auto refused = read([](Snapshot&) { return 1; }).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  EXPECT_TRUE(refused.error().retry_after);
  const auto thrown = read([](Snapshot&) -> int { throw std::bad_alloc(); }).get();
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().code, ErrorCode::overloaded);
  EXPECT_FALSE(gateway_->broken());
  EXPECT_EQ(broken_calls_, 0);
  EXPECT_EQ(read([](Snapshot&) { return 1; }).get().value(), 1);
  EXPECT_TRUE(ask(a_submit(1)).get());
}

TEST_F(GatewayTest, AListenerThatThrowsBreaksTheStore) {
  open();
  gateway_->add_listener([](const Committed&) { throw std::runtime_error("listener"); });
  EXPECT_FALSE(ask(a_submit(1)).get());
  EXPECT_EQ(broken_reason_, "listener");
}

TEST_F(GatewayTest, CreationsAreRefusedFirstWhenTooMuchWaits) {
  open({.waiting_max = 10});
  auto first = hold_one();
  std::vector<Future<Result<Submit::Reply>>> creations;
  for (std::uint64_t n = 1; n <= 10; ++n) creations.push_back(ask(a_submit(n)));
  await_waiting(10);
  const auto refused = ask(a_submit(11)).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  EXPECT_EQ(refused.error().retry_after, Millis{1'000});
  std::vector<Future<Result<Finish::Reply>>> completions;
  for (int n = 0; n < 30; ++n) completions.push_back(ask(Finish{}));
  await_waiting(40);
  EXPECT_EQ(ask(Finish{}).get().error().code, ErrorCode::overloaded);
  backend_.release();
  for (auto& creation : creations) EXPECT_TRUE(creation.get());
  for (auto& completion : completions) EXPECT_TRUE(completion.get());
  EXPECT_TRUE(ask(a_submit(12)).get());
  EXPECT_TRUE(first.get());
}

TEST_F(GatewayTest, OfAMixedCallOnlyWhatIsRefusedFails) {
  open({.waiting_max = 1});
  auto first = hold_one();
  auto filler = ask(a_submit(1));
  await_waiting(1);
  std::vector<Command> mixed;
  mixed.emplace_back(a_submit(2));
  mixed.emplace_back(Finish{});
  auto all = ask_all(std::move(mixed));
  await_waiting(2);
  backend_.release();
  const auto replies = all.get();
  ASSERT_FALSE(replies[0]);
  EXPECT_EQ(replies[0].error().code, ErrorCode::overloaded);
  EXPECT_TRUE(replies[1]);
  EXPECT_TRUE(filler.get());
  EXPECT_TRUE(first.get());
}

TEST_F(GatewayTest, AFailedTransactionRollsBackOnlyItself) {
  open();
  const auto insert = [](std::uint64_t n, bool ok) {
    return [n, ok](Transaction& tx) -> Result<> {
      domain::Tenant tenant;
      tenant.id = TenantId{{n, 0}};
      tx.tenant_writes().insert(tenant);
      if (!ok) return fail(ErrorCode::conflict, "no");
      return {};
    };
  };
  EXPECT_TRUE(gateway_->transact_blocking(insert(1, true)));
  const auto refused =
      asio::co_spawn(loop_.context, gateway_->transact(insert(2, false)), asio::use_future).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  std::size_t tenants = 0;
  gateway_->read_blocking([&](Snapshot& s) {
    for (const std::uint64_t n : {1, 2}) tenants += s.tenants().find(TenantId{{n, 0}}) ? 1 : 0;
  });
  EXPECT_EQ(tenants, 1U);
}

TEST_F(GatewayTest, ReadsRunSideBySideAndABusyReaderRefuses) {
  open({.readers = 2});
  // Each waits for the other: with one reader this would never end.
  std::latch both(2);
  const auto meet = [&both](Snapshot&) {
    both.arrive_and_wait();
    return 5;
  };
  auto one = read(meet);
  auto two = read(meet);
  EXPECT_EQ(one.get().value(), 5);
  EXPECT_EQ(two.get().value(), 5);
  backend_.script_reads({Act::busy});
  const auto refused = read(meet).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_unavailable);
}

TEST_F(GatewayTest, TooManyReadsAreRefused) {
  open({.readers = 1, .reads_waiting_max = 1});
  std::latch started(1);
  std::latch go(1);
  auto running = read([&](Snapshot&) {
    started.count_down();
    go.wait();
    return 1;
  });
  started.wait();
  auto waiting = read([](Snapshot&) { return 2; });
  EXPECT_TRUE(comes_true([&] { return metric("belfry_store_waiting_reads") > 0; }));
  const auto refused = read([](Snapshot&) { return 3; }).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  go.count_down();
  EXPECT_EQ(running.get().value(), 1);
  EXPECT_EQ(waiting.get().value(), 2);
}

TEST_F(GatewayTest, StoppingCommitsWhatWaitsAndRefusesWhatComes) {
  open();
  auto first = hold_one();
  std::vector<Future<Result<Submit::Reply>>> others;
  for (std::uint64_t n = 1; n <= 50; ++n) others.push_back(ask(a_submit(n)));
  await_waiting(50);
  std::thread stopper([this] { gateway_->stop(); });
  backend_.release();
  stopper.join();
  EXPECT_TRUE(first.get());
  for (auto& other : others) EXPECT_TRUE(other.get());
  EXPECT_TRUE(backend_.has(TaskId{{50, 50}}));
  EXPECT_EQ(ask(a_submit(51)).get().error().code, ErrorCode::draining);
  EXPECT_EQ(read([](Snapshot&) { return 1; }).get().error().code, ErrorCode::draining);
  gateway_->stop();
}

TEST_F(GatewayTest, CallersOfAnExecutorThatNeverRunsAgainAreFreed) {
  open();
  auto alive = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = alive;
  {
    asio::io_context dead;
    backend_.hold();  // no answer while the context still runs
    asio::co_spawn(dead, gateway_->ask(a_submit(1)),
                   [alive](std::exception_ptr, const auto&) { FAIL(); });
    alive.reset();
    dead.poll();
    backend_.release();
    gateway_->stop();
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Answers, OneExceptionDoesNotStrandTheOthers) {
  asio::io_context context;
  Answers answers;
  int resumed = 0;
  for (int i = 0; i < 10; ++i) {
    answers.add({.resume = Resumption([&resumed, i] {
                   ++resumed;
                   if (i == 3) throw std::runtime_error("out of a coroutine");
                 }),
                 .executor = context.get_executor()});
  }
  answers.deliver();
  EXPECT_EQ(resumed, 0);
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_EQ(resumed, 4);
  context.run();
  EXPECT_EQ(resumed, 10);
}

TEST(Answers, AreOnePostAnExecutor) {
  asio::io_context one, two;
  Answers answers;
  int resumed = 0;
  for (int i = 0; i < 100; ++i) {
    answers.add({.resume = Resumption([&resumed] { ++resumed; }),
                 .executor = (i % 2 == 0 ? one : two).get_executor()});
  }
  answers.deliver();
  EXPECT_EQ(one.run(), 1U);
  EXPECT_EQ(two.run(), 1U);
  EXPECT_EQ(resumed, 100);
}

}  // namespace
}  // namespace belfry::store
