#include "http/request_turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <vector>

namespace belfry::http {
namespace {

namespace asio = boost::asio;
using Kind = RequestTurns::Kind;

constexpr auto kIgnored = [](std::exception_ptr) {};
constexpr int kPerRound = 16;
// As many as that, however long they take.
constexpr RequestTurns::Round kRound{.requests = kPerRound, .time = std::chrono::hours(1)};

class RequestTurnsTest : public testing::Test {
 protected:
  struct Begun {
    std::uint64_t tenant;
    int number;
    bool operator==(const Begun&) const = default;
  };

  asio::awaitable<void> request(std::uint64_t tenant, int number, Kind kind) {
    if (!turns_.begin_now(kind)) {
      co_await turns_.wait(kind, {.tenant = TenantId{{tenant, 0}}});
    }
    begun_.push_back({tenant, number});
    if (number == kThrows) throw std::runtime_error("a handler failed");
  }
  void come(std::uint64_t tenant, int count, Kind kind = Kind::plain) {
    for (int i = 0; i < count; ++i) {
      asio::co_spawn(context_, request(tenant, i, kind), kIgnored);
    }
  }
  // Everything that is ready, and what that makes ready.
  void run() {
    context_.restart();
    context_.poll();
  }
  long place_of(const Begun& one) const { return std::ranges::find(begun_, one) - begun_.begin(); }
  int begun_of(std::uint64_t tenant) const {
    return static_cast<int>(std::ranges::count(begun_, tenant, &Begun::tenant));
  }

  static constexpr int kThrows = -1;
  asio::io_context context_{1};
  RequestTurns::HoldBack hold_back_ = [this](Kind kind) { return kind == held_; };
  RequestTurns turns_{context_.get_executor(), hold_back_, kRound};
  std::optional<Kind> held_;
  std::vector<Begun> begun_;
};

TEST_F(RequestTurnsTest, NobodyWaitsWhileFewCome) {
  for (int i = 0; i < kPerRound; ++i) EXPECT_TRUE(turns_.begin_now(Kind::plain));
  EXPECT_FALSE(turns_.begin_now(Kind::plain));
  run();
  EXPECT_TRUE(turns_.begin_now(Kind::plain));
}

TEST_F(RequestTurnsTest, ARoundEndsWhenItsTimeIsUp) {
  RequestTurns turns(context_.get_executor(), hold_back_, {.requests = 16, .time = Millis{0}});
  EXPECT_TRUE(turns.begin_now(Kind::plain));
  EXPECT_FALSE(turns.begin_now(Kind::plain));
  run();
  EXPECT_TRUE(turns.begin_now(Kind::plain));
}

TEST_F(RequestTurnsTest, TheFirstOfATenantBeginsHoweverManyOfAnotherWait) {
  come(1, 1'000);
  come(2, 1);
  run();
  EXPECT_EQ(begun_.size(), 1'001U);
  EXPECT_LE(place_of({2, 0}), kPerRound + 1);
}

TEST_F(RequestTurnsTest, ThoseOfATenantBeginInTheirOrder) {
  come(1, 100);
  come(2, 100);
  run();
  for (std::uint64_t tenant : {1U, 2U}) {
    std::vector<int> numbers;
    for (const auto& one : begun_) {
      if (one.tenant == tenant) numbers.push_back(one.number);
    }
    EXPECT_EQ(numbers.size(), 100U);
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
  }
}

TEST_F(RequestTurnsTest, ThoseWithoutATenantTakeTurnsByAddress) {
  std::vector<std::string> begun;
  const auto from = [&](std::string address) -> asio::awaitable<void> {
    if (!turns_.begin_now(Kind::plain)) {
      co_await turns_.wait(Kind::plain, {.address = address});
    }
    begun.push_back(address);
  };
  for (int i = 0; i < 100; ++i) asio::co_spawn(context_, from("192.0.2.1"), kIgnored);
  asio::co_spawn(context_, from("192.0.2.2"), kIgnored);
  run();
  EXPECT_EQ(begun.size(), 101U);
  EXPECT_LE(std::ranges::find(begun, "192.0.2.2") - begun.begin(), kPerRound + 1);
}

TEST_F(RequestTurnsTest, WhatIsReadyRunsBetweenTheRounds) {
  come(1, 10 * kPerRound);
  std::vector<std::size_t> seen;
  std::function<void()> look = [&] {
    seen.push_back(begun_.size());
    if (seen.size() < 10) asio::post(context_, look);
  };
  asio::post(context_, look);
  run();
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_LE(seen[i] - seen[i - 1], kRound.requests);
  }
}

TEST_F(RequestTurnsTest, OneKindIsHeldBackAndNotTheOthers) {
  held_ = Kind::adding;
  come(1, 100, Kind::adding);
  come(1, 100, Kind::plain);
  come(2, 1, Kind::reading);
  run();
  EXPECT_EQ(begun_of(1), 100);
  EXPECT_EQ(begun_of(2), 1);
  held_.reset();
  turns_.go_on();
  run();
  EXPECT_EQ(begun_of(1), 200);
}

TEST_F(RequestTurnsTest, AHoldThatComesBackInTheMiddleOfARoundHoldsTheRest) {
  int left = 5;
  hold_back_ = [&](Kind) { return left == 0 || left-- == 0; };
  come(1, 20, Kind::adding);
  run();
  const auto begun = begun_of(1);
  EXPECT_LT(begun, 20);
  hold_back_ = [](Kind) { return false; };
  turns_.go_on();
  run();
  EXPECT_EQ(begun_of(1), 20);
}

// The hold ends while the turns note that they are held, and `go_on` comes before that note.
TEST_F(RequestTurnsTest, AHoldThatEndsWhileItIsNotedIsNotForgotten) {
  int asked = 0;
  hold_back_ = [&](Kind) {
    if (++asked == 2) turns_.go_on();
    return asked <= 2;
  };
  come(1, 3, Kind::adding);
  run();
  EXPECT_EQ(begun_of(1), 3);
}

TEST_F(RequestTurnsTest, TheKindsTakeTurns) {
  come(1, 300, Kind::plain);
  come(2, 1, Kind::adding);
  run();
  EXPECT_EQ(begun_.size(), 301U);
  EXPECT_LE(place_of({2, 0}), kPerRound + 2);
}

TEST_F(RequestTurnsTest, ARequestThatThrowsStrandsNobody) {
  come(1, 2 * kPerRound);
  bool thrown = false;
  asio::co_spawn(context_, request(1, kThrows, Kind::plain),
                 [&](std::exception_ptr failure) { thrown = failure != nullptr; });
  come(1, 2 * kPerRound);
  run();
  EXPECT_TRUE(thrown);
  EXPECT_EQ(begun_of(1), 4 * kPerRound + 1);
}

}  // namespace
}  // namespace belfry::http
