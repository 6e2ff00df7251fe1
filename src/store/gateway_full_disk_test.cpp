#include "store/gateway_fixture.hpp"

// What a gateway does while the disk is full.
namespace belfry::store {
namespace {

TEST_F(GatewayTest, AFullDiskDropsTheCreationsOfABatchAndRunsTheRest) {
  open();
  auto first = hold_one();
  auto submit = ask(a_submit(1));
  await_waiting(1);
  auto finish = ask(Finish{});
  await_waiting(2);
  auto renew = ask(Renew{});
  await_waiting(3);
  backend_.script({Act::commit, Act::full});
  backend_.release();
  const auto refused = submit.get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_unavailable);
  EXPECT_EQ(refused.error().retry_after, Millis{5'000});
  EXPECT_TRUE(finish.get());
  EXPECT_TRUE(renew.get());
  EXPECT_EQ(backend_.batches(), (std::vector<std::size_t>{1, 3, 2}));
  EXPECT_TRUE(first.get());
}

TEST_F(GatewayTest, UpkeepRunsWhileTheDiskIsFull) {
  open();
  backend_.set_disk_full(true);
  const auto transact = [&](Purpose purpose) {
    return asio::co_spawn(loop_.context,
                          gateway_->transact([](Transaction&) { return Result<>(); }, purpose),
                          asio::use_future)
        .get();
  };
  EXPECT_FALSE(transact(Purpose::change));
  EXPECT_TRUE(transact(Purpose::upkeep));
  EXPECT_TRUE(gateway_->full());
}

TEST_F(GatewayTest, WhileTheDiskIsFullCreationsAreRefusedWithoutTrying) {
  open();
  backend_.set_disk_full(true);
  EXPECT_FALSE(ask(a_submit(1)).get());
  EXPECT_FALSE(gateway_->transact_blocking([](Transaction&) { return Result<>(); }));
  EXPECT_TRUE(gateway_->full());
  EXPECT_TRUE(backend_.batches().empty());
  EXPECT_TRUE(ask(Finish{}).get());
  EXPECT_TRUE(ask(End{}).get());
  EXPECT_TRUE(read([](Snapshot&) { return 1; }).get());
  backend_.set_disk_full(false);
  EXPECT_TRUE(ask(a_submit(2)).get());
  EXPECT_FALSE(gateway_->full());
}

TEST_F(GatewayTest, AStoreOpenedOnAFullDiskIsKnownToBeFullBeforeTheFirstCommand) {
  backend_.set_disk_full(true);
  open();
  EXPECT_TRUE(comes_true([&] { return gateway_->full(); }));
  EXPECT_TRUE(backend_.batches().empty());
}

TEST_F(GatewayTest, AnIdleGatewayNoticesThatSpaceIsBack) {
  open();
  backend_.set_disk_full(true);
  EXPECT_FALSE(ask(a_submit(1)).get());
  backend_.set_disk_full(false);
  EXPECT_TRUE(comes_true([&] { return !gateway_->full(); }));
}

TEST_F(GatewayTest, TheCommitThatFindsTheDiskFullIsTriedOnceMoreFromTheReserve) {
  open();
  backend_.script({Act::full});
  EXPECT_TRUE(ask(Finish{}).get());
  EXPECT_EQ(backend_.batches().size(), 2U);
}

TEST_F(GatewayTest, CompletionsThatDoNotFitTheReserveEitherAreRefused) {
  open();
  backend_.script({Act::full, Act::full});
  const auto refused = ask(Finish{}).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_unavailable);
  EXPECT_EQ(backend_.batches().size(), 2U);
}

TEST_F(GatewayTest, OnADiskKnownToBeFullNothingIsTriedTwice) {
  backend_.set_disk_full(true);
  open();
  backend_.script({Act::full});
  EXPECT_FALSE(ask(Finish{}).get());
  EXPECT_EQ(backend_.batches().size(), 1U);
}

TEST_F(GatewayTest, WhileTheDiskIsFullNoAttemptBegins) {
  backend_.set_disk_full(true);
  open();
  const auto claimed = ask(Claim{}).get();
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().code, ErrorCode::storage_unavailable);
  EXPECT_FALSE(ask(MoveDue{}).get());
  EXPECT_TRUE(backend_.batches().empty());
}

}  // namespace
}  // namespace belfry::store
