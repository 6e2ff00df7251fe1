#include "outbox/finish.hpp"

#include <gtest/gtest.h>

namespace belfry::outbox {
namespace {

class FinishTest : public ::testing::Test {
 protected:
  store::Finish finish(AttemptEnd end) {
    facts_.options = &options_;
    return finish_attempt(facts_, std::move(end), now_, random_, directory_);
  }
  static AttemptEnd failed(bool retryable = true) {
    AttemptEnd end;
    end.kind = AttemptEnd::Kind::failed;
    end.error = "boom";
    end.retryable = retryable;
    return end;
  }

  Random random_{1};
  store::Directory directory_;
  domain::TaskOptions options_;
  AttemptFacts facts_{.tenant = {{1, 1}},
                      .task = {{2, 2}},
                      .queue = {},
                      .token = {1, 5},
                      .task_name = "mail",
                      .queue_name = "default",
                      .options = nullptr,
                      .run_attempt = 1,
                      .failures = 0,
                      .max_attempts = 3};
  Timestamp now_ = from_ms(1'700'000'000'000);
};

TEST_F(FinishTest, RetriesWhileAttemptsAreLeft) {
  const auto command = finish(failed());
  EXPECT_EQ(command.verdict, store::Verdict::retry);
  ASSERT_TRUE(command.next_at);
  EXPECT_GE(*command.next_at, now_ + Millis{800});
  EXPECT_LE(*command.next_at, now_ + Millis{1'200});
}

TEST_F(FinishTest, FailsForGoodAtTheLastAttemptOrWhenTold) {
  EXPECT_EQ(finish(failed(false)).verdict, store::Verdict::failed);
  facts_.run_attempt = 3;
  EXPECT_EQ(finish(failed()).verdict, store::Verdict::failed);
}

TEST_F(FinishTest, WaitsAsLongAsTheTargetAsks) {
  auto end = failed();
  end.not_before = now_ + std::chrono::hours{1};
  EXPECT_EQ(finish(end).next_at, end.not_before);
  end.not_before = now_;
  EXPECT_GT(*finish(end).next_at, now_);
}

TEST_F(FinishTest, CountsALostAttempt) {
  AttemptEnd end;
  end.kind = AttemptEnd::Kind::lost;
  EXPECT_EQ(finish(end).verdict, store::Verdict::lost);
  facts_.run_attempt = 3;
  EXPECT_EQ(finish(end).verdict, store::Verdict::lost_last);
}

TEST_F(FinishTest, WritesAnEventOnlyWhereSomebodyAsked) {
  EXPECT_TRUE(finish({}).outbox.drafts.empty());
  options_.callback_url = "http://127.0.0.1:9/";
  const auto done = finish({});
  ASSERT_EQ(done.outbox.drafts.size(), 1U);
  EXPECT_EQ(done.outbox.drafts[0].type, domain::EventType::completed);
  EXPECT_EQ(done.outbox.callback_url, options_.callback_url);
  EXPECT_TRUE(finish(failed()).outbox.drafts.empty()) << "a callback gets terminal events only";
}

}  // namespace
}  // namespace belfry::outbox
