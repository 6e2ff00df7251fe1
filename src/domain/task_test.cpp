#include "domain/task.hpp"

#include <gtest/gtest.h>

#include "domain/event.hpp"

namespace belfry::domain {
namespace {

TEST(Status, NamesGoBothWaysInEitherCase) {
  for (int i = 0; i < kStatusCount; ++i) {
    const auto status = static_cast<Status>(i);
    EXPECT_EQ(parse_status(name(status)), status);
  }
  EXPECT_EQ(parse_status("running"), Status::running);
  EXPECT_EQ(parse_status("CanCelled"), Status::cancelled);
  for (const auto* text : {"", "RUNNIN", "RUNNINGS", "RUNNING ", "0", "R\xddNNING"}) {
    EXPECT_EQ(parse_status(text), std::nullopt) << text;
  }
}

TEST(EventType, NamesGoBothWaysExactly) {
  std::uint32_t bits = 0;
  for (int i = 0; i < kEventTypeCount; ++i) {
    const auto type = static_cast<EventType>(i);
    EXPECT_EQ(parse_event_type(name(type)), type);
    bits |= bit(type);
  }
  EXPECT_EQ(bits, kAllTaskEvents | bit(EventType::test));
  EXPECT_EQ(parse_event_type("TASK.COMPLETED"), std::nullopt);
  EXPECT_EQ(parse_event_type("task."), std::nullopt);
  EXPECT_TRUE(is_terminal(EventType::expired));
  EXPECT_FALSE(is_terminal(EventType::retrying));
  EXPECT_FALSE(is_terminal(EventType::test));
}

TEST(Rank, AnUrgentTaskGoesFirstUntilAnotherHasWaitedLongEnough) {
  const auto t = from_ms(1'700'000'000'000);
  const Millis aging{60'000};
  EXPECT_LT(rank(t, 10, aging), rank(t, 1, aging));
  // Nine levels are nine minutes: exactly then they are equal.
  EXPECT_EQ(rank(t, 1, aging), rank(t + 9 * aging, 10, aging));
  EXPECT_LT(rank(t, 1, aging), rank(t + 9 * aging + Millis{1}, 10, aging));
  EXPECT_LT(rank(t, 5, aging), rank(t + Millis{1}, 5, aging));
}

TEST(Lane, FollowsTheTarget) {
  EXPECT_EQ(lane_of(std::nullopt), Lane::by_queue_default);
  EXPECT_EQ(lane_of(HttpTarget{}), Lane::push);
  EXPECT_EQ(lane_of(EchoTarget{}), Lane::push);
  EXPECT_EQ(lane_of(WorkerTarget{}), Lane::worker);
}

TEST(QueueName, TakesItsAlphabetOnly) {
  EXPECT_TRUE(is_queue_name("default"));
  EXPECT_TRUE(is_queue_name("A-z_0.9"));
  EXPECT_TRUE(is_queue_name(std::string(128, 'q')));
  for (const auto& bad : {std::string(), std::string(129, 'q'), std::string("a b"),
                          std::string("a/b"), std::string("a\0b", 3), std::string("\xc3\xbc")}) {
    EXPECT_FALSE(is_queue_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace belfry::domain
