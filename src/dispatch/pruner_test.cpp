#include "dispatch/pruner.hpp"

#include "dispatch/loop_bed.hpp"

namespace belfry::dispatch {
namespace {

using std::chrono::hours;

class PrunerTest : public LoopBed {
 protected:
  PrunerTest() { make_bench(); }

  // All that is due, as the loop does it.
  void prune() {
    Pruner pruner(bench->context);
    for (int i = 0; i < 100; ++i) {
      if (!finish(pruner.run_once())) return;
    }
    ADD_FAILURE() << "pruning does not end";
  }
  bool answer_is_kept(const std::string& key) {
    bool kept = false;
    transact([&](store::Transaction& tx) {
      // Found by its row: an old answer is not given any more, kept or not.
      kept = tx.idempotency_writes().find(tenant, key).has_value();
    });
    return kept;
  }
};

const Millis kShort{1};

TEST_F(PrunerTest, AFinishedTaskStaysForItsTime) {
  const auto retention = bench->context.options.finished_retention;
  const auto id = submit_and_finish();
  clock.advance(retention);
  prune();
  EXPECT_TRUE(is_there(id));
  clock.advance(kShort);
  prune();
  EXPECT_FALSE(is_there(id));
}

TEST_F(PrunerTest, AnUnfinishedTaskStaysForEver) {
  const auto id = submit();
  clock.advance(10 * bench->context.options.finished_retention);
  prune();
  EXPECT_TRUE(is_there(id));
}

TEST_F(PrunerTest, ADeliveryThatIsOnItsWayStaysWithoutItsTask) {
  const auto id = submit_and_finish("https://example.com/called-back");
  clock.advance(bench->context.options.finished_retention + kShort);
  prune();
  EXPECT_FALSE(is_there(id));
  const auto open = deliveries();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].state, store::DeliveryState::waiting);
  deliver(open[0].id);
  clock.advance(bench->context.options.finished_retention);
  prune();
  EXPECT_EQ(deliveries().size(), 1U) << "its own time has begun when it was delivered";
  clock.advance(kShort);
  prune();
  EXPECT_TRUE(deliveries().empty());
}

TEST_F(PrunerTest, AnIdempotencyKeyStaysForADay) {
  transact([&](store::Transaction& tx) {
    tx.idempotency_writes().insert(tenant, "key", {"f", 200, "{}"}, clock.now());
  });
  clock.advance(hours{24});
  clock.advance(-kShort);
  prune();
  EXPECT_TRUE(answer_is_kept("key"));
  clock.advance(2 * kShort);
  prune();
  int left = 0;
  transact([&](store::Transaction& tx) {
    left = tx.idempotency_writes().prune_all_tenants(clock.now() + hours{1}, 10);
  });
  EXPECT_EQ(left, 0) << "the row itself is gone";
}

TEST_F(PrunerTest, ARevokedKeyStaysLongerThanItsTokens) {
  const auto add = [&](const std::string& hash) {
    store::ApiKeyRow key;
    key.id = ids.make<ApiKeyId>();
    key.tenant = tenant;
    key.hash = hash;
    key.created_at = clock.now();
    transact([&](store::Transaction& tx) { EXPECT_TRUE(tx.api_key_writes().insert(key)); });
    return key.id;
  };
  const auto revoked = add(std::string(32, 'r'));
  add(std::string(32, 'l'));
  transact([&](store::Transaction& tx) {
    EXPECT_TRUE(tx.api_key_writes().revoke(tenant, revoked, clock.now()));
  });
  const auto keys = [&] {
    std::size_t count = 0;
    gateway.read_blocking([&](store::Snapshot& s) { count = s.api_keys().list(tenant).size(); });
    return count;
  };
  // A token lives a day at most, so that two days are the least, however short the retention is.
  bench->context.options.finished_retention = hours{1};
  clock.advance(hours{48});
  prune();
  EXPECT_EQ(keys(), 2U);
  clock.advance(kShort);
  prune();
  EXPECT_EQ(keys(), 1U);
}

TEST_F(PrunerTest, ARevokedKeyStaysAsLongAsFinishedTasks) {
  store::ApiKeyRow key;
  key.id = ids.make<ApiKeyId>();
  key.tenant = tenant;
  key.hash = std::string(32, 'r');
  key.created_at = clock.now();
  transact([&](store::Transaction& tx) {
    EXPECT_TRUE(tx.api_key_writes().insert(key));
    EXPECT_TRUE(tx.api_key_writes().revoke(tenant, key.id, clock.now()));
  });
  clock.advance(bench->context.options.finished_retention);
  prune();
  gateway.read_blocking(
      [&](store::Snapshot& s) { EXPECT_EQ(s.api_keys().list(tenant).size(), 1U); });
}

}  // namespace
}  // namespace belfry::dispatch
