// What the calls on queues change, and what they leave.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Queues : public ApiTest {
 protected:
  http::Response settings(const std::string& members) {
    auto answer = put("/api/v1/queues/q", "{" + members + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer;
  }
  static std::string member(std::string_view name, std::string_view value) {
    return quoted(name).append(":").append(value);
  }
};

struct Setting {
  std::string_view name, value, unset;
};
constexpr Setting kSettings[] = {
    {"concurrencyLimit", "7", "null"},
    {"defaultTarget", R"({"type":"worker"})", "null"},
    {"retry", R"({"maxAttempts":9,"backoff":"fixed","initialMs":20,"maxMs":30,"jitter":0.5})",
     "null"},
    {"timeoutMs", "5000", "null"},
    {"agingMs", "2000", "60000"},
};

TEST_F(Queues, NullSetsOneSettingBackAndLeavesTheOthers) {
  std::string all;
  for (const auto& one : kSettings) all += (all.empty() ? "" : ",") + member(one.name, one.value);
  for (const auto& reset : kSettings) {
    const auto before = settings(all);
    for (const auto& one : kSettings) EXPECT_EQ(raw(before, one.name), one.value);
    const auto after = settings(member(reset.name, "null"));
    for (const auto& one : kSettings) {
      EXPECT_EQ(raw(after, one.name), one.name == reset.name ? one.unset : one.value)
          << one.name << " after a null for " << reset.name;
    }
    EXPECT_EQ(get("/api/v1/queues/q").body, after.body);
  }
}

TEST_F(Queues, AChangeOfOneSettingLeavesTheOthers) {
  for (const auto& changed : kSettings) {
    std::string none;
    for (const auto& one : kSettings) none += (none.empty() ? "" : ",") + member(one.name, "null");
    settings(none);
    const auto after = settings(member(changed.name, changed.value));
    for (const auto& one : kSettings) {
      EXPECT_EQ(raw(after, one.name), one.name == changed.name ? one.value : one.unset)
          << one.name << " after a change of " << changed.name;
    }
  }
}

TEST_F(Queues, ARefusedChangeChangesNothing) {
  const auto before = settings(member("concurrencyLimit", "7"));
  EXPECT_EQ(put("/api/v1/queues/q", R"({"concurrencyLimit":null,"timeoutMs":1})").status, 422);
  EXPECT_EQ(get("/api/v1/queues/q").body, before.body);
}

TEST_F(Queues, OnlySettingsAndAPauseCreateAQueue) {
  EXPECT_EQ(post("/api/v1/queues/q/resume").status, 404);
  EXPECT_EQ(get("/api/v1/queues/q").status, 404);
  EXPECT_EQ(count(get("/api/v1/queues")), 0U) << "a refusal creates nothing";
  EXPECT_EQ(raw(post("/api/v1/queues/q/pause"), "paused"), "true");
  EXPECT_EQ(raw(put("/api/v1/queues/other", "{}"), "paused"), "false");
  EXPECT_EQ(count(get("/api/v1/queues")), 2U);
  const auto stranger = add_tenant();
  EXPECT_EQ(call(http::Method::post, "/api/v1/queues/q/resume", {}, stranger).status, 404);
  EXPECT_EQ(count(get("/api/v1/queues", stranger)), 0U);
  EXPECT_EQ(raw(get("/api/v1/queues/q"), "paused"), "true");
}

TEST_F(Queues, APauseHasAReasonUntilItEnds) {
  settings(member("concurrencyLimit", "7"));
  const auto paused = post("/api/v1/queues/q/pause", R"({"reason":"a release"})");
  EXPECT_EQ(raw(paused, "paused"), "true");
  EXPECT_EQ(text(paused, "pauseReason"), "a release");
  submit(R"({"taskName":"t","queue":"q","target":{"type":"worker"}})");
  const auto tasks = [&] { return raw(post("/api/v1/leases", R"({"queues":["q"]})"), "tasks"); };
  EXPECT_EQ(tasks(), "[]") << "a paused queue gives nothing out";
  const auto resumed = post("/api/v1/queues/q/resume");
  EXPECT_EQ(raw(resumed, "paused"), "false");
  EXPECT_EQ(raw(resumed, "pauseReason"), "null");
  EXPECT_EQ(raw(resumed, "concurrencyLimit"), "7") << "the other settings stay";
  EXPECT_NE(tasks(), "[]");
}

}  // namespace
}  // namespace belfry::api
