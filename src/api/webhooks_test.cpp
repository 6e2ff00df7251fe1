// What the calls on webhook endpoints change, and what they leave.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Webhooks : public ApiTest {
 protected:
  static constexpr const char* kAll =
      R"(["task.submitted","task.started","task.retrying","task.completed","task.failed",)"
      R"("task.cancelled","task.expired"])";

  http::Response make(const std::string& more = {}) {
    auto made = post("/api/v1/webhooks", R"({"url":"http://example.com/hook")" + more + "}");
    EXPECT_EQ(made.status, 201) << made.body;
    return made;
  }
  http::Response change(const http::Response& made, const std::string& body) {
    return call(http::Method::patch, "/api/v1/webhooks/" + text(made, "id"), body);
  }
};

TEST_F(Webhooks, NoEventsNamedMeansAllOfThem) {
  EXPECT_EQ(raw(make(), "events"), kAll);
  EXPECT_EQ(raw(make(R"(,"events":null)"), "events"), kAll);
  const auto one = make(R"(,"events":["task.failed"])");
  EXPECT_EQ(raw(one, "events"), R"(["task.failed"])");
  EXPECT_EQ(raw(change(one, R"({"description":"d"})"), "events"), R"(["task.failed"])");
  EXPECT_EQ(raw(change(one, R"({"events":null})"), "events"), kAll);
}

TEST_F(Webhooks, AnEndpointHearsOfItsEventsAlone) {
  for (const auto* event : {"task.submitted", "task.cancelled"}) {
    make(R"(,"events":[)" + quoted(event) + "]");
  }
  make(R"(,"events":["task.failed"])");
  make(R"(,"enabled":false)");
  ASSERT_EQ(call(http::Method::delete_, "/api/v1/tasks/" + submit()).status, 200);
  const auto deliveries = get("/api/v1/webhooks/deliveries");
  std::vector<std::string> types;
  for (const auto& one : json::Value(deliveries.body).elements()) {
    types.push_back(*one.find("type")->string());
  }
  EXPECT_EQ(types, (std::vector<std::string>{"task.cancelled", "task.submitted"}));
}

TEST_F(Webhooks, WhatIsNoEventOfATaskIsRefused) {
  const auto one = make(R"(,"events":["task.failed"])");
  for (const auto* events : {"[]", R"(["webhook.test"])", R"(["task.failed","task"])", "[1]"}) {
    EXPECT_EQ(change(one, R"({"events":)" + std::string(events) + "}").status, 422) << events;
  }
  EXPECT_EQ(raw(get("/api/v1/webhooks/" + text(one, "id")), "events"), R"(["task.failed"])");
}

TEST_F(Webhooks, AChangeOfOneMemberLeavesTheOthers) {
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"url", R"("http://example.com/other")"},
      {"description", R"("another")"},
      {"events", R"(["task.failed","task.expired"])"},
      {"enabled", "false"}};
  for (const auto& [changed, value] : changes) {
    const auto made = make(R"(,"description":"first","events":["task.started"])");
    const auto after = change(made, "{" + quoted(changed).append(":").append(value) + "}");
    for (const auto& [name, ignored] : changes) {
      EXPECT_EQ(raw(after, name), name == changed ? value : raw(made, name))
          << name << " after a change of " << changed;
    }
    EXPECT_EQ(get("/api/v1/webhooks/" + text(made, "id")).body, after.body);
    const auto nulls = change(made, R"({"url":null,"description":null,"enabled":null})");
    EXPECT_EQ(nulls.body, after.body) << "a null leaves these as they are";
  }
}

TEST_F(Webhooks, ATestIsADeliveryToItsEndpoint) {
  const auto made = make();
  make();
  const auto sent = post("/api/v1/webhooks/" + text(made, "id") + "/test");
  ASSERT_EQ(sent.status, 202) << sent.body;
  const auto stored = get("/api/v1/webhooks/deliveries/" + text(sent, "id"));
  for (const auto& answer : {sent, stored}) {
    EXPECT_EQ(text(answer, "type"), "webhook.test") << answer.body;
    EXPECT_EQ(text(answer, "endpointId"), text(made, "id"));
    EXPECT_EQ(text(answer, "createdAt"), format_time(clock.now()));
    EXPECT_EQ(text(answer, "nextAttemptAt"), format_time(clock.now()));
  }
  EXPECT_NE(raw(stored, "body").find(R"("type":"webhook.test")"), std::string::npos) << stored.body;
}

TEST_F(Webhooks, ASecretThatIsRotatedSignsForADayMore) {
  const auto made = make();
  EXPECT_EQ(raw(made, "previousSecretUntil"), "null");
  const auto until = format_time(clock.now() + std::chrono::hours{24});
  const auto rotated = post("/api/v1/webhooks/" + text(made, "id") + "/rotate");
  EXPECT_EQ(text(rotated, "previousSecretUntil"), until);
  EXPECT_NE(text(rotated, "secret"), text(made, "secret"));
  EXPECT_EQ(text(post("/api/v1/webhooks/secret/rotate"), "previousSecretUntil"), until);
}

TEST_F(Webhooks, OneThatIsSwitchedOffSaysWhy) {
  const auto made = make();
  EXPECT_EQ(raw(made, "disabledReason"), "null");
  EXPECT_EQ(text(change(made, R"({"enabled":false})"), "disabledReason"), "by its owner");
  EXPECT_EQ(raw(change(made, R"({"enabled":true})"), "disabledReason"), "null");
}

}  // namespace
}  // namespace belfry::api
