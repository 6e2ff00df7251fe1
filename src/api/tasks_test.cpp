// What the calls on tasks and tenants do, beside what they answer.
#include "api/api_fixture.hpp"
#include "api/request_rates.hpp"

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
  constexpr std::string_view kNames[] = {"runningMax", "weight", "unfinishedMax", "storedBytesMax",
                                         "requestsPerSecond"};
  const auto change = [&](std::string_view name, int value) {
    const auto answer =
        call(http::Method::patch, path, "{" + quoted(name) + ":" + std::to_string(value) + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    const json::Value body(answer.body);
    const auto shown = *body.find("limits");
    std::vector<std::string> values;
    for (const auto each : kNames) values.emplace_back(shown.find(each)->raw());
    const auto limits = directory.tenant(tenant)->limits;
    EXPECT_EQ(values, (std::vector<std::string>{
                          std::to_string(limits.running_max), std::to_string(limits.weight),
                          std::to_string(limits.unfinished_max), std::to_string(limits.stored_max),
                          std::to_string(requests_per_second(services.options, limits))}));
    return values;
  };
  std::vector<std::string> expected;
  int value = 10;
  for (const auto name : kNames) {
    const auto values = change(name, ++value);
    expected.push_back(std::to_string(value));
    if (expected.size() == std::size(kNames)) EXPECT_EQ(values, expected);
  }
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    expected[i] = std::to_string(++value);
    EXPECT_EQ(change(kNames[i], value), expected) << kNames[i];
  }
}

}  // namespace
}  // namespace belfry::api
