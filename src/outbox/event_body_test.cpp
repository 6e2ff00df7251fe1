#include "outbox/event_body.hpp"

#include <gtest/gtest.h>

#include "json/check.hpp"

namespace belfry::outbox {
namespace {

EventFacts completed() {
  EventFacts facts;
  facts.type = domain::EventType::completed;
  facts.task = *parse_id<TaskId>("018bcfe5-6800-7000-8000-000000000001");
  facts.tenant = *parse_id<TenantId>("018bcfe5-6800-7000-8000-0000000000ff");
  facts.task_name = "reconcile";
  facts.queue_name = "default";
  facts.status = domain::Status::completed;
  facts.attempt = 2;
  facts.failures = 1;
  facts.max_attempts = 3;
  facts.result = R"({"lines":5000})";
  facts.at = from_ms(1'700'000'000'123);
  facts.completed_at = facts.at;
  return facts;
}

bool contains(const std::string& body, std::string_view part) {
  return body.find(part) != std::string::npos;
}

TEST(EventBody, SaysEverythingInItsOrder) {
  domain::TaskOptions options;
  options.tags = {"nightly", "eu"};
  options.labels = {{"shop", "7"}};
  auto facts = completed();
  facts.options = &options;
  const auto draft = event_draft(facts);
  EXPECT_EQ(draft.type, domain::EventType::completed);
  EXPECT_EQ(draft.body,
            R"({"type":"task.completed","timestamp":"2023-11-14T22:13:20.123Z",)"
            R"("taskId":"018bcfe5-6800-7000-8000-000000000001","status":"COMPLETED",)"
            R"("result":{"lines":5000},"errorMessage":null,)"
            R"("completedAt":"2023-11-14T22:13:20.123Z",)"
            R"("tenantId":"018bcfe5-6800-7000-8000-0000000000ff","taskName":"reconcile",)"
            R"("queue":"default","attempt":2,"retryCount":1,"maxRetries":3,)"
            R"("tags":["nightly","eu"],"labels":{"shop":"7"}})");
}

TEST(EventBody, WhatIsAbsentIsNullOrEmpty) {
  auto facts = completed();
  facts.result = {};
  facts.completed_at = std::nullopt;
  const auto body = event_draft(facts).body;
  EXPECT_TRUE(contains(body, R"("result":null,"errorMessage":null,"completedAt":null)"));
  EXPECT_TRUE(contains(body, R"("tags":[],"labels":{}})"));
}

TEST(EventBody, AStringResultStaysAString) {
  auto facts = completed();
  facts.result = R"("said \"done\"")";
  EXPECT_TRUE(contains(event_draft(facts).body, R"("result":"said \"done\"",)"));
}

TEST(EventBody, ALargeResultIsLeftOutAndSaidToBe) {
  auto facts = completed();
  const auto fits = '"' + std::string(domain::kEventResultBytesMax - 2, 'x') + '"';
  facts.result = fits;
  EXPECT_TRUE(contains(event_draft(facts).body, fits));
  EXPECT_FALSE(contains(event_draft(facts).body, "resultTruncated"));
  const auto too_large = '"' + std::string(domain::kEventResultBytesMax - 1, 'x') + '"';
  facts.result = too_large;
  const auto body = event_draft(facts).body;
  EXPECT_TRUE(contains(body, R"("result":null)"));
  EXPECT_TRUE(contains(body, R"("resultTruncated":true})"));
  EXPECT_LT(body.size(), 1'000U);
}

TEST(EventBody, ARetryNamesItsNextTime) {
  auto facts = completed();
  facts.type = domain::EventType::retrying;
  facts.status = domain::Status::scheduled;
  facts.result = {};
  facts.error_message = "HTTP 500";
  facts.next_at = facts.at + Millis{1'000};
  const auto body = event_draft(facts).body;
  EXPECT_TRUE(contains(body, R"("type":"task.retrying")"));
  EXPECT_TRUE(contains(body, R"("errorMessage":"HTTP 500")"));
  EXPECT_TRUE(contains(body, R"("nextAttemptAt":"2023-11-14T22:13:21.123Z"})"));
}

TEST(EventBody, HostileTextStaysInsideItsString) {
  const std::string hostile[] = {"\"},\"status\":\"FAILED\"{", std::string("\0\x01\x1f", 3),
                                 "\xff\xfe broken", "line\nbreak\\", "\xe2\x80\xa8</script>"};
  for (const auto& text : hostile) {
    domain::TaskOptions options;
    options.tags = {text};
    options.labels = {{text, text}};
    auto facts = completed();
    facts.task_name = text;
    facts.queue_name = text;
    facts.error_message = text;
    facts.options = &options;
    EXPECT_TRUE(json::check(event_draft(facts).body)) << text;
    EXPECT_TRUE(json::check(with_sequence(event_draft(facts).body, 1))) << text;
  }
}

TEST(EventBody, TheSequenceIsTheFirstMember) {
  EXPECT_EQ(with_sequence(R"({"type":"x"})", 17), R"({"sequence":17,"type":"x"})");
  EXPECT_EQ(with_sequence("{}", 1), R"({"sequence":1})");
  EXPECT_TRUE(with_sequence(event_draft(completed()).body, 3)
                  .starts_with(R"({"sequence":3,"type":"task.completed",)"));
}

TEST(EventBodyDeathTest, ABodyThatIsNoObjectIsAFault) {
  EXPECT_DEATH(with_sequence("[1]", 1), "");
  EXPECT_DEATH(with_sequence("", 1), "");
}

}  // namespace
}  // namespace belfry::outbox
