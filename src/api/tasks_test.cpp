// What the calls on tasks and tenants do, beside what they answer.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Tasks : public ApiTest {};

TEST_F(Tasks, ARangeEndsBeforeItsEnd) {
  submit();
  const auto first = format_time(clock.now());
  clock.advance(Millis{1'000});
  submit();
  const auto second = format_time(clock.now());
  EXPECT_EQ(count(get("/api/v1/tasks?createdFrom=" + first + "&createdTo=" + second)), 1U);
  EXPECT_EQ(count(get("/api/v1/tasks?createdFrom=" + second)), 1U);
  const auto matched = [&](const std::string& filter) {
    return raw(post("/api/v1/tasks/cancel", R"({"dryRun":true,"filter":{)" + filter + "}}"),
               "matched");
  };
  EXPECT_EQ(matched(R"("createdTo":")" + second + "\""), "1");
  EXPECT_EQ(matched(R"("createdTo":")" + first + "\""), "0");
}

TEST_F(Tasks, ACancelledOneIsAnEvent) {
  const auto made = post("/api/v1/webhooks", R"({"url":"http://example.com/hook"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto id = submit();
  ASSERT_EQ(call(http::Method::delete_, "/api/v1/tasks/" + id).status, 200);
  const auto deliveries = get("/api/v1/webhooks/deliveries");
  ASSERT_EQ(deliveries.status, 200) << deliveries.body;
  EXPECT_NE(deliveries.body.find("task.cancelled"), std::string::npos) << deliveries.body;
}

TEST_F(Tasks, AResultHasALimit) {
  for (const std::size_t more : {0U, 1U}) {
    const auto id = submit();
    const auto token = lease();
    const auto result = "\"" + std::string(domain::kResultBytesMax - 2 + more, 'x') + "\"";
    const auto answer = post("/api/v1/tasks/" + id + "/complete",
                             R"({"leaseToken":")" + token + R"(","result":)" + result + "}");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(raw(answer, "warnings") == "absent", more == 0) << answer.body;
    EXPECT_EQ(raw(get("/api/v1/tasks/" + id), "result").size(), domain::kResultBytesMax);
  }
}

TEST_F(Tasks, AChangeOfOneLimitLeavesTheOthers) {
  const auto path = "/api/v1/admin/tenants/" + to_string(tenant) + "/limits";
  const auto change = [&](const std::string& body) {
    const auto answer = call(http::Method::patch, path, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto limits = directory.tenant(tenant)->limits;
    return std::tuple(limits.running_max, limits.weight, limits.unfinished_max);
  };
  EXPECT_EQ(change(R"({"runningMax":7,"weight":3,"unfinishedMax":50})"), std::tuple(7, 3, 50));
  EXPECT_EQ(change(R"({"weight":4})"), std::tuple(7, 4, 50));
  EXPECT_EQ(change(R"({"runningMax":8})"), std::tuple(8, 4, 50));
  EXPECT_EQ(change(R"({"unfinishedMax":60})"), std::tuple(8, 4, 60));
}

}  // namespace
}  // namespace belfry::api
