#include "webhook/verdict.hpp"

#include <gtest/gtest.h>

#include "webhook/schedule.hpp"

namespace belfry::webhook {
namespace {

using store::DeliveryState;

AttemptVerdict judge_answer(int status, int attempts = 0, const std::string& retry_after = "",
                            const std::string& body = "") {
  Random random(1);
  store::DeliveryRow row;
  row.attempts = attempts;
  row.attempts_total = attempts + 10;
  http::OutboundResponse answer;
  answer.status = status;
  answer.body = body;
  if (!retry_after.empty()) answer.headers.set("Retry-After", retry_after);
  return judge(row, answer, from_ms(1'000), from_ms(1'250), random);
}

AttemptVerdict judge_failure(http::CallFailure failure) {
  Random random(1);
  return judge({}, std::unexpected(http::CallError{failure}), from_ms(1'000), from_ms(1'250),
               random);
}

TEST(Verdict, OnlyTwoHundredsDeliver) {
  for (int status = 100; status < 600; ++status) {
    const auto state = judge_answer(status).state;
    if (status >= 200 && status < 300) {
      EXPECT_EQ(state, DeliveryState::delivered) << status;
    } else if (status == 410) {
      EXPECT_EQ(state, DeliveryState::exhausted) << status;
    } else {
      EXPECT_EQ(state, DeliveryState::waiting) << status;
    }
  }
}

TEST(Verdict, RecordsTheAttempt) {
  const auto verdict = judge_answer(500, 2, "", "no\xff");
  EXPECT_EQ(verdict.attempt.number, 13);  // over the delivery's life
  EXPECT_EQ(verdict.attempt.at, from_ms(1'000));
  EXPECT_EQ(verdict.attempt.duration, Millis{250});
  EXPECT_EQ(verdict.attempt.http_status, 500);
  EXPECT_EQ(verdict.attempt.failure, "bad_status");
  EXPECT_EQ(verdict.attempt.answer, "(not text)");
  EXPECT_EQ(judge_answer(200, 0, "", std::string(5'000, 'x')).attempt.answer.size(), 1'024U);
  // Cut between two characters.
  const auto cut = judge_answer(200, 0, "", "x" + std::string(2'000, '\xc3') + "").attempt.answer;
  EXPECT_EQ(cut, "(not text)");
}

TEST(Verdict, GoneDisablesTheEndpoint) {
  EXPECT_TRUE(judge_answer(410).endpoint_gone);
  EXPECT_FALSE(judge_answer(404).endpoint_gone);
}

TEST(Verdict, TellsTheBreakerWhetherTheDestinationIsWell) {  // it is given less
}

TEST(Verdict, AForbiddenDestinationIsNotTriedAgain) {
  const auto verdict = judge_failure(http::CallFailure::destination_forbidden);
  EXPECT_EQ(verdict.state, DeliveryState::exhausted);
  EXPECT_EQ(verdict.attempt.failure, "destination_forbidden");
  EXPECT_EQ(verdict.attempt.http_status, 0);
  for (const auto failure :
       {http::CallFailure::name_not_resolved, http::CallFailure::connect_failed,
        http::CallFailure::tls_failed, http::CallFailure::timed_out,
        http::CallFailure::connection_broken, http::CallFailure::malformed_answer}) {
    EXPECT_EQ(judge_failure(failure).state, DeliveryState::waiting) << name(failure);
  }
}

TEST(Verdict, HeedsRetryAfterWhereItIsMeant) {
  const auto now = from_ms(1'250);
  for (const int status : {403, 413, 429, 502, 503, 504}) {
    EXPECT_EQ(judge_answer(status, 0, "3600").next_at, now + Millis{3'600'000}) << status;
    EXPECT_LE(*judge_answer(status, 0, "1").next_at, now + Millis{5'500}) << status;
    EXPECT_GE(*judge_answer(status, 0, "1").next_at, now + Millis{4'500}) << status;
    EXPECT_LE(*judge_answer(status, 0, "soon").next_at, now + Millis{5'500}) << status;
  }
  EXPECT_LE(*judge_answer(500, 0, "3600").next_at, now + Millis{5'500});
}

TEST(Schedule, TenAttemptsInThreeDays) {
  Random random(7);
  std::int64_t total = 0;
  const std::int64_t seconds[] = {5, 300, 1'800, 7'200, 18'000, 36'000, 50'400, 72'000, 86'400};
  for (int attempts = 1; attempts <= 9; ++attempts) {
    const auto base = seconds[attempts - 1] * 1'000;
    total += base;
    for (int i = 0; i < 200; ++i) {
      const auto wait = wait_after(attempts, random);
      ASSERT_TRUE(wait);
      EXPECT_GE(wait->count(), base * 9 / 10 - 1);
      EXPECT_LE(wait->count(), base * 11 / 10 + 1);
    }
  }
  EXPECT_EQ(total, 272'105'000);  // 75.6 h
  EXPECT_FALSE(wait_after(10, random));
  EXPECT_FALSE(wait_after(0, random));
  EXPECT_EQ(judge_answer(500, 9).state, DeliveryState::exhausted);
  EXPECT_EQ(judge_answer(500, 8).state, DeliveryState::waiting);
}

}  // namespace
}  // namespace belfry::webhook
