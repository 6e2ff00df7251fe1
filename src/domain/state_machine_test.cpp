#include "domain/state_machine.hpp"

#include <gtest/gtest.h>

#include <array>

namespace belfry::domain {
namespace {

// Rows: events in order. Columns: statuses in order. A dot: the event cannot happen there.
//   B blocked, S scheduled, P pending, R running, C completed, F failed, X cancelled, E expired
constexpr std::array<std::string_view, kTaskEventCount> kTable = {
    "PP......",  // became_due
    "..R.....",  // claimed
    "...P....",  // lease_lost
    "...P....",  // released
    "...S....",  // put_off
    "...S....",  // attempt_failed
    "...F....",  // attempts_used_up
    "..F.....",  // given_up
    "...C....",  // completed
    "XXXX....",  // cancelled
    "EEE.....",  // expired
    "....PPPP",  // retried_by_hand
    "FFFF....",  // damaged
};
constexpr std::string_view kLetters = "BSPRCFXE";

TEST(StateMachine, FollowsTheTableForEveryStatusAndEvent) {
  for (int e = 0; e < kTaskEventCount; ++e) {
    for (int s = 0; s < kStatusCount; ++s) {
      const auto to = next(static_cast<Status>(s), static_cast<TaskEvent>(e));
      const char letter = to ? kLetters[static_cast<std::size_t>(*to)] : '.';
      EXPECT_EQ(letter, kTable[static_cast<std::size_t>(e)][static_cast<std::size_t>(s)])
          << "event " << e << " in " << name(static_cast<Status>(s));
    }
  }
}

TEST(StateMachine, NothingButAHandLeavesATerminalStatus) {
  for (int s = 0; s < kStatusCount; ++s) {
    const auto status = static_cast<Status>(s);
    if (!is_terminal(status)) continue;
    for (int e = 0; e < kTaskEventCount; ++e) {
      const auto event = static_cast<TaskEvent>(e);
      EXPECT_EQ(next(status, event).has_value(), event == TaskEvent::retried_by_hand);
    }
  }
}

TEST(StateMachine, AnEventOutsideTheEnumChangesNothing) {
  EXPECT_EQ(next(Status::running, static_cast<TaskEvent>(200)), std::nullopt);
}

}  // namespace
}  // namespace belfry::domain
