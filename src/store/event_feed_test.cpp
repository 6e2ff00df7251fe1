#include "store/event_feed.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace belfry::store {
namespace {

using std::chrono::minutes;

constexpr TenantId kShop{{1, 1}};
constexpr TenantId kBank{{2, 2}};

Committed changes(TenantId tenant, int count) {
  Committed committed;
  for (int i = 0; i < count; ++i) {
    auto& change = committed.changes.emplace_back();
    change.tenant = tenant;
    change.id = TaskId{{static_cast<std::uint64_t>(i) + 1, 0}};
  }
  return committed;
}

class EventFeedTest : public testing::Test {
 protected:
  EventFeed::Subscription listen(TenantId tenant) {
    return feed_.subscribe(tenant, [this] { ++woken_; });
  }
  std::uint64_t newest(TenantId tenant) { return feed_.start(tenant, std::nullopt).position; }

  ManualClock clock_{Timestamp{}};
  EventFeed feed_{{.ring_items = 10, .rings = 3}, "boot-7", clock_};
  int woken_ = 0;
};

TEST_F(EventFeedTest, GivesWhatHappenedAfterTheStartInOrderWithoutGaps) {
  const auto listener = listen(kShop);
  const auto start = feed_.start(kShop, std::nullopt);
  EXPECT_FALSE(start.reset);
  feed_.on_commit(changes(kShop, 3));
  feed_.on_commit(changes(kShop, 2));
  EXPECT_EQ(woken_, 2);
  const auto first = feed_.take(kShop, start.position, 4);
  ASSERT_EQ(first.items.size(), 4U);
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(first.items[i].number, i + 1);
  EXPECT_EQ(first.position, 4U);
  const auto rest = feed_.take(kShop, first.position, 100);
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_EQ(rest.items[0].number, 5U);
  const auto none = feed_.take(kShop, rest.position, 100);
  EXPECT_TRUE(none.items.empty());
  EXPECT_EQ(none.position, 5U);
  EXPECT_FALSE(none.reset);
}

TEST_F(EventFeedTest, KeepsTenantsApart) {
  const auto shop = listen(kShop);
  const auto start = feed_.start(kShop, std::nullopt);
  feed_.on_commit(changes(kBank, 5));
  EXPECT_EQ(woken_, 0);
  EXPECT_TRUE(feed_.take(kShop, start.position, 10).items.empty());
  EXPECT_EQ(newest(kBank), 0U);  // nobody listened: nothing was kept
}

TEST_F(EventFeedTest, AChangeOfConfigurationWakesItsTenant) {
  const auto shop = listen(kShop);
  Committed committed;
  committed.configuration_changed = true;
  committed.changed_tenants = {kBank};
  feed_.on_commit(committed);
  EXPECT_EQ(woken_, 0);
  committed.changed_tenants = {kBank, kShop};
  feed_.on_commit(committed);
  EXPECT_EQ(woken_, 1);
  committed.changed_tenants = {};  // anybody's
  feed_.on_commit(committed);
  EXPECT_EQ(woken_, 2);
  feed_.wake(kBank);
  EXPECT_EQ(woken_, 2);
  feed_.wake(kShop);
  EXPECT_EQ(woken_, 3);
}

TEST_F(EventFeedTest, OneWhoIsTooSlowIsReset) {
  const auto listener = listen(kShop);
  const auto start = feed_.start(kShop, std::nullopt);
  feed_.on_commit(changes(kShop, 10));
  EXPECT_FALSE(feed_.take(kShop, start.position, 1).reset);
  feed_.on_commit(changes(kShop, 1));
  const auto lost = feed_.take(kShop, start.position, 100);
  EXPECT_TRUE(lost.reset);
  EXPECT_TRUE(lost.items.empty());
  EXPECT_EQ(lost.position, 11U);
  EXPECT_EQ(feed_.take(kShop, 1, 100).items.size(), 10U);
  EXPECT_TRUE(feed_.take(kShop, 12, 100).reset);  // the future
}

TEST_F(EventFeedTest, ResumesWhereTheLastEventIdSays) {
  auto listener = listen(kShop);
  feed_.on_commit(changes(kShop, 5));
  const auto id = feed_.event_id(3);
  EXPECT_EQ(id, "boot-7-3");
  listener = {};
  clock_.advance(minutes(9));
  feed_.on_commit(changes(kShop, 1));  // still recorded
  const auto resumed = feed_.start(kShop, id);
  EXPECT_FALSE(resumed.reset);
  EXPECT_EQ(resumed.position, 3U);
  EXPECT_EQ(feed_.take(kShop, resumed.position, 100).items.size(), 3U);
}

TEST_F(EventFeedTest, AForeignOrMalformedIdStartsAtTheNewestWithAReset) {
  const auto listener = listen(kShop);
  feed_.on_commit(changes(kShop, 5));
  for (const auto* id :
       {"", "3", "boot-7", "boot-7-", "boot-73", "boot-8-3", "boot-7-3x", "boot-7--3", "boot-7- 3",
        "boot-7-6", "boot-7-99999999999999999999999", "boot-7-18446744073709551615"}) {
    const auto start = feed_.start(kShop, id);
    EXPECT_TRUE(start.reset) << id;
    EXPECT_EQ(start.position, 5U) << id;
  }
  EXPECT_FALSE(feed_.start(kShop, "boot-7-5").reset);
}

TEST_F(EventFeedTest, ARingIsDroppedTenMinutesAfterItsLastListener) {
  auto listener = listen(kShop);
  feed_.on_commit(changes(kShop, 5));
  clock_.advance(minutes(30));
  feed_.on_commit(changes(kShop, 1));
  EXPECT_FALSE(feed_.start(kShop, feed_.event_id(6)).reset);  // it has a listener
  listener = {};
  clock_.advance(minutes(11));
  feed_.on_commit(changes(kBank, 1));
  // What came since is not known, so an id of before must not pass for a position in the new ring.
  const auto again = listen(kShop);
  feed_.on_commit(changes(kShop, 8));
  for (std::uint64_t n = 0; n <= 6; ++n) {
    EXPECT_TRUE(feed_.start(kShop, feed_.event_id(n)).reset) << n;
  }
}

TEST_F(EventFeedTest, TheRingIdleLongestMakesRoom) {
  const auto kept = listen(kShop);
  for (std::uint64_t n = 10; n < 13; ++n) {
    const auto passing = listen(TenantId{{n, n}});
    feed_.on_commit(changes(TenantId{{n, n}}, 2));
    clock_.advance(minutes(1));
  }
  // Three rings are kept: the first of the passing ones had to go, never the one with a listener.
  feed_.on_commit(changes(kShop, 1));
  EXPECT_EQ(feed_.take(kShop, 0, 10).items.size(), 1U);
  EXPECT_FALSE(feed_.take(TenantId{{12, 12}}, newest(TenantId{{12, 12}}), 10).reset);
  EXPECT_FALSE(feed_.take(TenantId{{11, 11}}, newest(TenantId{{11, 11}}) - 2, 10).reset);
  EXPECT_TRUE(feed_.start(TenantId{{10, 10}}, feed_.event_id(2)).reset);
}

TEST_F(EventFeedTest, RingsShareWhatAllOfThemMayHold) {
  EventFeed feed({.ring_items = 10, .items = 20, .ring_items_min = 4}, "b", clock_);
  std::vector<EventFeed::Subscription> listeners;
  const auto listen_to = [&](std::uint64_t n) {
    listeners.push_back(feed.subscribe(TenantId{{n, n}}, [] {}));
    const auto start = feed.start(TenantId{{n, n}}, std::nullopt).position;
    feed.on_commit(changes(TenantId{{n, n}}, 10));
    return start;
  };
  const auto whole = [&](std::uint64_t n, std::uint64_t since) {
    return !feed.take(TenantId{{n, n}}, since, 100).reset;
  };
  const auto first = listen_to(1), second = listen_to(2);
  EXPECT_TRUE(whole(1, first));
  EXPECT_TRUE(whole(2, second));
  const auto third = listen_to(3);
  EXPECT_FALSE(whole(3, third)) << "a third of 20 is left for each";
  EXPECT_TRUE(whole(3, third + 4));
  clock_.advance(minutes(2));
  feed.on_commit(changes(TenantId{{3, 3}}, 1));
  EXPECT_FALSE(whole(1, first)) << "the rings of before shrink, too";
  EXPECT_TRUE(whole(1, first + 4));
  for (std::uint64_t n = 4; n < 20; ++n) {
    const auto since = listen_to(n);
    EXPECT_TRUE(whole(n, since + 6)) << "four items are kept, however many rings there are";
  }
}

TEST_F(EventFeedTest, ASubscriptionMayMoveAndOutliveTheFeed) {
  EventFeed::Subscription subscription;
  {
    EventFeed feed({}, "b", clock_);
    subscription = feed.subscribe(kShop, [this] { ++woken_; });
    auto moved = std::move(subscription);
    feed.on_commit(changes(kShop, 1));
    EXPECT_EQ(woken_, 1);
    subscription = std::move(moved);
  }
}

}  // namespace
}  // namespace belfry::store
