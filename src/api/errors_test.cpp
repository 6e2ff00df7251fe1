// GET /api/v1/errors: failures, grouped.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Errors : public ApiTest {
 protected:
  // Submits a task of the name, and lets it fail with these words; gives its id.
  std::string failed(const std::string& name, const std::string& words) {
    const auto id = submit(R"({"taskName":)" + quoted(name) + R"(,"target":{"type":"worker"}})");
    const auto answer = post("/api/v1/tasks/" + id + "/fail",
                             R"({"retryable":false,"leaseToken":)" + quoted(lease()) +
                                 R"(,"errorMessage":)" + quoted(words) + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    clock.advance(Millis{1'000});
    return id;
  }
  static std::string member(const json::Value& object, std::string_view key) {
    const auto found = object.find(key);
    return std::string(found ? found->raw() : "absent");
  }
  // Each group as "task name: pattern * count".
  static std::vector<std::string> groups_of(const http::Response& answer) {
    std::vector<std::string> groups;
    const json::Value body(answer.body);
    for (const auto& one : body.find("errors")->elements()) {
      groups.push_back(*one.find("taskName")->string() + ": " + *one.find("pattern")->string() +
                       " * " + member(one, "count"));
    }
    return groups;
  }
};

TEST_F(Errors, TheLargestGroupIsFirstAndOfEqualsTheNewest) {
  failed("a", "no room");
  const auto first = format_time(clock.now());
  failed("b", "no room");
  const auto last = format_time(clock.now());
  const auto newest = failed("b", "no room");
  failed("c", "no room");
  const auto answer = get("/api/v1/errors");
  EXPECT_EQ(groups_of(answer),
            (std::vector<std::string>{"b: no room * 2", "c: no room * 1", "a: no room * 1"}));
  EXPECT_EQ(raw(answer, "exact"), "true");
  const json::Value body(answer.body);
  const auto largest = *body.find("errors")->elements().begin();
  EXPECT_EQ(member(largest, "firstAt"), quoted(first));
  EXPECT_EQ(member(largest, "lastAt"), quoted(last));
  EXPECT_EQ(member(largest, "lastTaskId"), quoted(newest));
  EXPECT_EQ(count(get("/api/v1/tasks")), 4U);
  EXPECT_EQ(groups_of(get("/api/v1/errors", add_tenant())).size(), 0U);
}

TEST_F(Errors, WordsThatDifferInNumbersAreOneGroupAndOthersAreNot) {
  failed("a", "timeout after 10 ms");
  failed("a", "no room");
  failed("a", "timeout after 250 ms");
  const auto answer = get("/api/v1/errors");
  const auto groups = groups_of(answer);
  ASSERT_EQ(groups.size(), 2U) << answer.body;
  const json::Value body(answer.body);
  const auto largest = *body.find("errors")->elements().begin();
  EXPECT_EQ(member(largest, "count"), "2");
  EXPECT_EQ(member(largest, "errorMessage"), R"("timeout after 250 ms")") << "the newest words";
  std::vector<std::string> prints;
  for (const auto& one : body.find("errors")->elements()) {
    prints.push_back(member(one, "fingerprint"));
  }
  EXPECT_NE(prints[0], prints[1]);
}

TEST_F(Errors, AHundredGroupsAreShown) {
  failed("b", "no room");
  failed("b", "no room");
  for (int i = 0; i < 99; ++i) failed("n" + std::to_string(i), "no room");
  EXPECT_EQ(groups_of(get("/api/v1/errors?range=24h")).size(), 100U);
  failed("one more", "no room");
  const auto groups = groups_of(get("/api/v1/errors?range=24h"));
  ASSERT_EQ(groups.size(), 100U);
  EXPECT_EQ(groups.front(), "b: no room * 2");
  EXPECT_EQ(groups.back(), "n1: no room * 1") << "the oldest of the smallest is left out";
}

TEST_F(Errors, WhatFailedBeforeTheRangeIsLeftOut) {
  failed("old", "no room");
  clock.advance(std::chrono::minutes{20});
  failed("new", "no room");
  EXPECT_EQ(groups_of(get("/api/v1/errors?range=15m")),
            (std::vector<std::string>{"new: no room * 1"}));
  EXPECT_EQ(groups_of(get("/api/v1/errors?range=1h")).size(), 2U);
}

}  // namespace
}  // namespace belfry::api
