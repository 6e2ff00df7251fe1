#include "webhook/lineup.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>

namespace belfry::webhook {
namespace {

class LineupTest : public testing::Test {
 protected:
  explicit LineupTest(LineupOptions options = {}) { make(options); }
  void make(LineupOptions options) {
    lineup = std::make_unique<Lineup>(context.get_executor(), clock, options);
  }

  TenantId tenant(std::uint64_t n) { return TenantId{Uuid{n, n}}; }
  Parcel parcel(std::uint64_t of, const std::string& host) {
    Parcel made;
    made.row.id = DeliveryId{Uuid{++number, 7}};
    made.row.tenant = tenant(of);
    made.destination = to_string(made.row.tenant) + host;
    return made;
  }
  // What became of it: 's'tarted, 'h'eld, 'p'ut off, 'r'efused.
  char place(std::uint64_t of, const std::string& host) {
    auto placed = lineup->place(parcel(of, host));
    if (auto* start = std::get_if<Lineup::Start>(&placed)) {
      calls.push_back(std::move(*start));
      return 's';
    }
    if (const auto* off = std::get_if<Lineup::PutOff>(&placed)) {
      until = off->until;
      return 'p';
    }
    return std::holds_alternative<Lineup::Refused>(placed) ? 'r' : 'h';
  }
  std::string place_many(int count, std::uint64_t of, const std::string& host) {
    std::string all;
    for (int i = 0; i < count; ++i) all += place(of, host);
    return all;
  }
  // Ends the oldest call, and takes those that start in its stead.
  Lineup::Next end(std::optional<bool> healthy) {
    auto call = std::move(calls.front());
    calls.pop_front();
    auto next = lineup->ended(call.parcel, std::move(call.pass), healthy);
    for (auto& start : next.starts) calls.push_back(std::move(start));
    next.starts.clear();
    return next;
  }

  boost::asio::io_context context;
  ManualClock clock;
  std::unique_ptr<Lineup> lineup;
  std::deque<Lineup::Start> calls;
  std::uint64_t number = 0;
  Timestamp until;
};

TEST_F(LineupTest, GivesADestinationMoreCallsAsItAnswers) {
  EXPECT_EQ(place_many(5, 1, "a"), "sshhh");
  end(true);  // its place, and one more
  EXPECT_EQ(calls.size(), 3U);
  end(true);
  EXPECT_EQ(calls.size(), 3U);  // nobody stands in line any more
  EXPECT_EQ(place_many(3, 1, "a"), "shh");
  EXPECT_EQ(lineup->in_flight(), 4);
  EXPECT_EQ(lineup->held(), 2U);
}

TEST_F(LineupTest, TakesThemAwayFromOneThatFails) {
  for (int i = 0; i < 20; ++i) {
    place(1, "a");
    end(true);
  }
  EXPECT_EQ(place_many(20, 1, "a"), "sssssssssssssssshhhh");  // 16 at the most
  end(false);
  end(false);
  EXPECT_EQ(lineup->in_flight(), 14);  // more than its window: nobody follows
}

TEST_F(LineupTest, RefusesWhatADestinationThatIsNotCalledHolds) {
  EXPECT_EQ(place_many(2, 1, "a"), "ss");
  for (int failures = 0; failures < 4; ++failures) {
    end(false);
    place(1, "a");
  }
  EXPECT_EQ(place_many(3, 1, "a"), "hhh");
  const auto next = end(false);  // the fifth in a row opens the breaker
  EXPECT_FALSE(next.refused.empty());
  EXPECT_EQ(lineup->held(), 0U);
  EXPECT_EQ(place_many(3, 1, "a"), "rrr");
  clock.advance(Millis{5'001});
  while (!calls.empty()) end(std::nullopt);
  EXPECT_EQ(place_many(3, 1, "a"), "shh");  // one probe, whose answer the others wait for
  EXPECT_EQ(end(false).refused.size(), 2U);
  clock.advance(Millis{10'001});
  EXPECT_EQ(place_many(3, 1, "a"), "shh");
  EXPECT_TRUE(end(true).refused.empty());
  EXPECT_FALSE(calls.empty());
  while (!calls.empty()) end(true);
  EXPECT_EQ(lineup->held(), 0U);
}

TEST_F(LineupTest, PutsOffAtTheDestinationsPaceAndNotForEver) {
  LineupOptions options;
  options.held_per_line = 1;
  options.held_per_tenant = 1;
  make(options);
  EXPECT_EQ(place_many(3, 1, "a"), "ssh");
  Timestamp last;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(place(1, "a"), 'p');
    EXPECT_GE(until, std::max(last, clock.now() + Millis{250}));
    last = until;
  }
  // 10,000 at 20 ms and two at a time would be 100 s: 6,000 fill the minute, and the others follow
  // at the least spacing.
  EXPECT_LE(last, clock.now() + Millis{250} + options.gate.put_off_max + Millis{2 * 4'001});
}

TEST_F(LineupTest, BoundsATenantAndTheWhole) {
  LineupOptions options;
  options.in_flight_max = 6;
  options.in_flight_per_tenant = 4;
  options.held_per_tenant = 2;
  make(options);
  std::string placed;
  for (int i = 0; i < 7; ++i) placed += place(1, "h" + std::to_string(i));
  EXPECT_EQ(placed, "sssshhp");
  EXPECT_EQ(place(2, "a"), 's');
  EXPECT_FALSE(lineup->full());
  EXPECT_EQ(place(3, "a"), 's');
  EXPECT_TRUE(lineup->full());
  EXPECT_EQ(place(4, "a"), 'p');  // nobody of it would be called when a call of its own ends
  end(true);                      // of tenant 1: its next destination's turn
  EXPECT_EQ(calls.back().parcel.destination, to_string(tenant(1)) + "h4");
}

TEST_F(LineupTest, LetsATenantsDestinationsTakeTurns) {
  LineupOptions options;
  options.in_flight_per_tenant = 1;
  make(options);
  EXPECT_EQ(place(1, "first"), 's');
  EXPECT_EQ(place_many(2, 1, "a"), "hh");
  EXPECT_EQ(place_many(2, 1, "b"), "hh");
  std::string order;
  for (int i = 0; i < 4; ++i) {
    end(true);
    order += calls.front().parcel.destination.back();
  }
  EXPECT_EQ(order, "abab");
}

TEST_F(LineupTest, ForgetsWhoStandsInLineWhenItCloses) {
  EXPECT_EQ(place_many(4, 1, "a"), "sshh");
  lineup->close();
  EXPECT_EQ(lineup->held(), 0U);
  end(true);
  EXPECT_EQ(calls.size(), 1U);
}

// P11, as numbers: a thousand destinations hang, each with a hundred deliveries; may another
// tenant's delivery start?
char good_one_beside_a_thousand_that_hang(const LineupOptions& options) {
  boost::asio::io_context context;
  const ManualClock clock;
  Lineup lineup(context.get_executor(), clock, options);
  std::vector<Lineup::Start> hanging;
  std::uint64_t number = 0;
  const auto place = [&](std::uint64_t of, const std::string& host) {
    Parcel parcel;
    parcel.row.id = DeliveryId{Uuid{++number, 7}};
    parcel.row.tenant = TenantId{Uuid{of, of}};
    parcel.destination = to_string(parcel.row.tenant) + host;
    auto placed = lineup.place(std::move(parcel));
    auto* start = std::get_if<Lineup::Start>(&placed);
    if (start != nullptr) hanging.push_back(std::move(*start));
    return start != nullptr ? 's' : std::holds_alternative<Lineup::Held>(placed) ? 'h' : 'p';
  };
  for (int round = 0; round < 100; ++round) {
    // Half of one tenant, half of a tenant each.
    for (std::uint64_t i = 0; i < 1'000; ++i) place(i % 2 == 0 ? 1 : i, std::to_string(i));
  }
  const char answer = lineup.full() ? 'f' : place(5'000, "good");
  for (auto& call : hanging) {
    lineup.ended(call.parcel, std::move(call.pass), std::nullopt);
  }
  return answer;
}

TEST(LineupFairness, AThousandThatHangDelayNobody) {
  EXPECT_EQ(good_one_beside_a_thousand_that_hang({}), 's');
}

TEST(LineupFairness, ControlWithoutGrowingWindowsTheyDo) {
  LineupOptions unfair;
  unfair.gate.in_flight_first = 0;
  EXPECT_EQ(good_one_beside_a_thousand_that_hang(unfair), 'f');
}

}  // namespace
}  // namespace belfry::webhook
