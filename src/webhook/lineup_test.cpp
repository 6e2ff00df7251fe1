#include "webhook/lineup.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>

namespace belfry::webhook {
namespace {

using Kind = http::CallEnd::Kind;

class LineupTest : public testing::Test {
 protected:
  explicit LineupTest(LineupOptions options = {}) { make(options); }
  void make(LineupOptions options) {
    lineup = std::make_unique<Lineup>(
        http::DestinationGate::Parts{context.get_executor(), clock, random}, options);
  }

  TenantId tenant(std::uint64_t n) { return TenantId{Uuid{n, n}}; }
  Parcel parcel(std::uint64_t of, const std::string& host) {
    Parcel made;
    made.row.id = DeliveryId{Uuid{++number, 7}};
    made.row.tenant = tenant(of);
    made.destination = {made.row.tenant, host, "/"};
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
  Lineup::Next end(http::CallEnd::Kind kind) {
    auto call = std::move(calls.front());
    calls.pop_front();
    auto next = lineup->ended(call.parcel, std::move(call.pass), {.kind = kind});
    for (auto& start : next.starts) calls.push_back(std::move(start));
    next.starts.clear();
    return next;
  }

  boost::asio::io_context context;
  ManualClock clock;
  Random random{9};
  std::unique_ptr<Lineup> lineup;
  std::deque<Lineup::Start> calls;
  std::uint64_t number = 0;
  Timestamp until;
};

TEST_F(LineupTest, GivesADestinationMoreCallsAsItAnswers) {
  EXPECT_EQ(place_many(5, 1, "a"), "sshhh");
  end(Kind::healthy);  // its place, and one more
  EXPECT_EQ(calls.size(), 3U);
  end(Kind::healthy);
  EXPECT_EQ(calls.size(), 3U);  // nobody stands in line any more
  EXPECT_EQ(place_many(3, 1, "a"), "shh");
  EXPECT_EQ(lineup->in_flight(), 4);
  EXPECT_EQ(lineup->held(), 2U);
}

TEST_F(LineupTest, TakesThemAwayFromOneThatFails) {
  for (int i = 0; i < 20; ++i) {
    place(1, "a");
    end(Kind::healthy);
  }
  EXPECT_EQ(place_many(20, 1, "a"), "sssssssssssssssshhhh");  // 16 at the most
  end(Kind::failed);
  end(Kind::failed);
  EXPECT_EQ(lineup->in_flight(), 14);  // more than its window: nobody follows
}

TEST_F(LineupTest, RefusesWhatADestinationThatIsNotCalledHolds) {
  EXPECT_EQ(place_many(2, 1, "a"), "ss");
  for (int failures = 0; failures < 4; ++failures) {
    end(Kind::failed);
    place(1, "a");
  }
  EXPECT_EQ(place_many(3, 1, "a"), "hhh");
  const auto next = end(Kind::failed);  // the fifth in a row opens it
  EXPECT_FALSE(next.refused.empty());
  EXPECT_EQ(lineup->held(), 0U);
  EXPECT_EQ(place_many(3, 1, "a"), "rrr");
  const auto next_probe = [&] {
    clock.advance(*lineup->standing({tenant(1), "a", "/"}).next_call - clock.now());
  };
  next_probe();
  while (!calls.empty()) end(Kind::unknown);
  EXPECT_EQ(lineup->room({tenant(1), "a", "/"}), 1);
  EXPECT_EQ(place_many(3, 1, "a"), "srr");  // one probe
  end(Kind::failed);
  next_probe();
  EXPECT_EQ(place_many(3, 1, "a"), "srr");
  EXPECT_TRUE(end(Kind::healthy).refused.empty());
  EXPECT_EQ(place_many(2, 1, "a"), "ss");
  while (!calls.empty()) end(Kind::healthy);
}

// Endpoints on one host: one that fails leaves the other alone, and one that answers shows that the
// host can be reached.
TEST_F(LineupTest, AnEndpointsStateIsItsOwn) {
  const auto place_at = [&](const std::string& handler) {
    auto one = parcel(1, "host");
    one.destination.handler = handler;
    auto placed = lineup->place(std::move(one));
    auto* start = std::get_if<Lineup::Start>(&placed);
    if (start != nullptr) calls.push_back(std::move(*start));
    return start != nullptr;
  };
  for (int i = 0; i < 40; ++i) {
    if (place_at("bad")) end(Kind::failed);
    ASSERT_TRUE(place_at("good"));
    end(Kind::healthy);
  }
  EXPECT_FALSE(place_at("bad"));
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(place_at("500"));
    end(Kind::answered);
  }
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
  end(Kind::healthy);             // of tenant 1: its next destination's turn
  EXPECT_EQ(calls.back().parcel.destination, (http::Destination{tenant(1), "h4", "/"}));
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
    end(Kind::healthy);
    order += calls.front().parcel.destination.origin.back();
  }
  EXPECT_EQ(order, "abab");
}

TEST_F(LineupTest, ForgetsWhoStandsInLineWhenItCloses) {
  EXPECT_EQ(place_many(4, 1, "a"), "sshh");
  lineup->close();
  EXPECT_EQ(lineup->held(), 0U);
  end(Kind::healthy);
  EXPECT_EQ(calls.size(), 1U);
}

// P11, as numbers: a thousand destinations hang, each with a hundred deliveries; may another
// tenant's delivery start?
char good_one_beside_a_thousand_that_hang(const LineupOptions& options) {
  boost::asio::io_context context;
  const ManualClock clock;
  Random random(9);
  Lineup lineup({context.get_executor(), clock, random}, options);
  std::vector<Lineup::Start> hanging;
  std::uint64_t number = 0;
  const auto place = [&](std::uint64_t of, const std::string& host) {
    Parcel parcel;
    parcel.row.id = DeliveryId{Uuid{++number, 7}};
    parcel.row.tenant = TenantId{Uuid{of, of}};
    parcel.destination = {parcel.row.tenant, host, "/"};
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
    lineup.ended(call.parcel, std::move(call.pass), {});
  }
  return answer;
}

TEST(LineupFairness, AThousandThatHangDelayNobody) {
  EXPECT_EQ(good_one_beside_a_thousand_that_hang({}), 's');
}

TEST(LineupFairness, ControlWithoutGrowingWindowsTheyDo) {
  LineupOptions unfair;
  unfair.gate.handler_first = 16;
  EXPECT_EQ(good_one_beside_a_thousand_that_hang(unfair), 'f');
}

}  // namespace
}  // namespace belfry::webhook
