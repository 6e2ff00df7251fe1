// Cancel and retry of several tasks at once: what each state allows, and what a dry run tells.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Steering : public ApiTest {
 protected:
  http::Response steer(const std::string& verb, const std::string& body) {
    auto answer = post("/api/v1/tasks/" + verb, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer;
  }
  std::string status(const std::string& id) { return text(get("/api/v1/tasks/" + id), "status"); }
  static std::string named(const std::string& id) { return R"("taskIds":[")" + id + R"("])"; }

  // A task in the state, alone of its name, which is the state's too.
  std::string task_in(const std::string& state) {
    const auto id = submit(R"({"queue":")" + state + R"(","taskName":")" + state +
                           R"(","target":{"type":"worker"})" +
                           (state == "SCHEDULED" ? R"(,"delayMs":60000})" : "}"));
    if (state == "CANCELLED") call(http::Method::delete_, "/api/v1/tasks/" + id);
    if (state == "RUNNING" || state == "COMPLETED" || state == "FAILED") {
      const auto said = R"({"leaseToken":)" + quoted(lease(state));
      if (state == "COMPLETED") post("/api/v1/tasks/" + id + "/complete", said + "}");
      if (state == "FAILED") post("/api/v1/tasks/" + id + "/fail", said + R"(,"retryable":false})");
    }
    EXPECT_EQ(status(id), state);
    return id;
  }
  static constexpr const char* kOpen[] = {"SCHEDULED", "PENDING", "RUNNING"};
  static constexpr const char* kFinished[] = {"COMPLETED", "FAILED", "CANCELLED"};

  // `done` tasks are counted as good, and one in all.
  void expect_counts(const http::Response& answer, int done) {
    EXPECT_EQ(raw(answer, "matched"), "1") << answer.body;
    EXPECT_EQ(raw(answer, "done"), std::to_string(done)) << answer.body;
    EXPECT_EQ(raw(answer, "skipped"), std::to_string(1 - done)) << answer.body;
    EXPECT_EQ(raw(answer, "samples") == "[]", done == 0) << answer.body;
  }
  // A dry run foretells `done` tasks of one and changes nothing; the real one does the same.
  void expect_dry_then_real(const std::string& verb, const std::string& state, bool good) {
    SCOPED_TRACE(verb + " of " + state);
    const auto id = task_in(state);
    const auto before = get("/api/v1/tasks/" + id).body;
    const auto by_name = R"("filter":{"type":[")" + state + R"("],"status":[")" + state + R"("]})";
    for (const auto& which : {named(id), by_name}) {
      const auto tried = steer(verb, "{" + which + R"(,"dryRun":true})");
      expect_counts(tried, good);
      EXPECT_EQ(raw(tried, "dryRun"), "true");
      EXPECT_EQ(raw(tried, "results"), "[]");
      EXPECT_EQ(get("/api/v1/tasks/" + id).body, before) << "nothing is done";
    }
    const auto real = steer(verb, "{" + named(id) + "}");
    expect_counts(real, good);
    EXPECT_EQ(raw(real, "dryRun"), "false");
    EXPECT_NE(real.body.find(good ? R"("status":200)" : R"("status":409)"), std::string::npos);
    EXPECT_EQ(status(id), !good ? state : verb == "cancel" ? "CANCELLED" : "PENDING");
    // Out of the way of the next one.
    call(http::Method::delete_, "/api/v1/tasks/" + id);
  }
};

TEST_F(Steering, WhatIsOpenIsCancelled) {
  for (const auto* state : kOpen) expect_dry_then_real("cancel", state, true);
}

TEST_F(Steering, WhatHasFinishedIsNotCancelled) {
  for (const auto* state : kFinished) expect_dry_then_real("cancel", state, false);
}

TEST_F(Steering, WhatHasFinishedIsRetried) {
  for (const auto* state : kFinished) expect_dry_then_real("retry", state, true);
}

TEST_F(Steering, WhatIsOpenIsNotRetried) {
  for (const auto* state : kOpen) expect_dry_then_real("retry", state, false);
}

TEST_F(Steering, OneTaskFollowsTheSameRules) {
  const auto one = [&](const std::string& verb, const std::string& id) {
    const auto path = "/api/v1/tasks/" + id;
    return verb == "cancel" ? call(http::Method::delete_, path) : post(path + "/retry");
  };
  const auto expect_one = [&](const std::string& verb, const std::string& state, bool good) {
    const auto id = task_in(state);
    EXPECT_EQ(one(verb, id).status, good ? 200 : 409) << verb << " of " << state;
    EXPECT_EQ(status(id), !good ? state : verb == "cancel" ? "CANCELLED" : "PENDING");
    call(http::Method::delete_, "/api/v1/tasks/" + id);
  };
  for (const auto* state : kOpen) {
    expect_one("cancel", state, true);
    expect_one("retry", state, false);
  }
  for (const auto* state : kFinished) {
    expect_one("cancel", state, false);
    expect_one("retry", state, true);
  }
}

TEST_F(Steering, ADryRunTellsNobody) {
  ASSERT_EQ(post("/api/v1/webhooks", R"({"url":"http://example.com/hook"})").status, 201);
  const auto deliveries = [&] { return count(get("/api/v1/webhooks/deliveries")); };
  const auto open = task_in("PENDING"), finished = task_in("CANCELLED");
  const auto before = deliveries();
  steer("cancel", "{" + named(open) + R"(,"dryRun":true})");
  steer("retry", "{" + named(finished) + R"(,"dryRun":true})");
  EXPECT_EQ(deliveries(), before);
  steer("cancel", "{" + named(open) + R"(,"dryRun":false})");
  EXPECT_EQ(deliveries(), before + 1);
}

TEST_F(Steering, NobodyActsOnAnothersTask) {
  const auto id = task_in("PENDING");
  const auto other = add_tenant();
  for (const auto* verb : {"cancel", "retry"}) {
    const auto answer = call(http::Method::post, std::string("/api/v1/tasks/") + verb,
                             "{" + named(id) + "}", other);
    EXPECT_NE(answer.body.find(R"("status":404)"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(status(id), "PENDING");
}

TEST_F(Steering, AFilterMustHoldACondition) {
  const auto id = task_in("PENDING");
  for (const auto* filter : {"{}", R"({"text":""})", R"({"type":[]})", R"({"status":null})"}) {
    for (const auto* verb : {"cancel", "retry"}) {
      EXPECT_EQ(
          post(std::string("/api/v1/tasks/") + verb, R"({"filter":)" + std::string(filter) + "}")
              .status,
          422)
          << filter;
    }
  }
  EXPECT_EQ(status(id), "PENDING");
}

TEST_F(Steering, IdsAndAFilterExcludeEachOther) {
  const auto id = task_in("PENDING");
  for (const auto& members :
       {std::string(R"("dryRun":false)"), named(id) + R"(,"filter":{"type":["PENDING"]})",
        named(id) + R"(,"limit":5)"}) {
    EXPECT_EQ(post("/api/v1/tasks/cancel", "{" + members + "}").status, 422) << members;
  }
  EXPECT_EQ(status(id), "PENDING");
}

TEST_F(Steering, AFilterTakesWhatItNamesAlone) {
  const auto made = [&](const std::string& name) {
    const auto id = submit(R"({"target":{"type":"worker"},"taskName":"task )" + name +
                           R"(","queue":"q)" + name + R"(","tags":["t)" + name + R"("]})");
    clock.advance(Millis{1'000});
    return id;
  };
  const auto start = format_time(clock.now());
  const auto a = made("a");
  const auto between = format_time(clock.now());
  const auto b = made("b");
  ASSERT_EQ(call(http::Method::delete_, "/api/v1/tasks/" + b).status, 200);
  const auto end = format_time(clock.now());
  clock.advance(Millis{1'000});
  const auto later = format_time(clock.now());
  const auto taken = [&](const std::string& verb, const std::string& filter) {
    const auto tried = steer(verb, R"({"dryRun":true,"filter":{)" + filter + "}}");
    const auto samples = raw(tried, "samples");
    return std::string(samples.find(a) == samples.npos ? "" : "a") +
           (samples.find(b) == samples.npos ? "" : "b") + raw(tried, "matched");
  };
  for (const auto& only_a :
       {std::string(R"("queue":["qa"])"), std::string(R"("type":["task a"])"),
        std::string(R"("tag":["ta"])"), std::string(R"("text":"TASK A")"),
        std::string(R"("status":["PENDING","RUNNING"])"), R"("createdTo":)" + quoted(between),
        R"("queue":["qa","qb"],"createdFrom":)" + quoted(start) + R"(,"createdTo":)" +
            quoted(between)}) {
    EXPECT_EQ(taken("cancel", only_a), "a1") << only_a;
  }
  for (const auto& only_b :
       {std::string(R"("queue":["qb"])"), std::string(R"("status":["CANCELLED"])"),
        R"("createdFrom":)" + quoted(between), R"("finishedFrom":)" + quoted(end),
        R"("finishedTo":)" + quoted(later)}) {
    EXPECT_EQ(taken("retry", only_b), "b1") << only_b;
  }
  EXPECT_EQ(taken("cancel", R"("queue":["qa"],"type":["task b"])"), "0") << "all must hold";
  EXPECT_EQ(taken("retry", R"("finishedTo":)" + quoted(end)), "0") << "the end is not part of it";
  EXPECT_EQ(taken("retry", R"("finishedFrom":)" + quoted(later)), "0");
  EXPECT_EQ(post("/api/v1/tasks/cancel", R"({"filter":{"status":["BLOCKED"]}})").status, 422);
}

TEST_F(Steering, TheNewestAreTakenUpToTheLimit) {
  const std::string ids[] = {task_in("PENDING"), task_in("PENDING"), task_in("PENDING")};
  const auto one = steer("cancel", R"({"filter":{"type":["PENDING"]},"limit":1})");
  EXPECT_EQ(raw(one, "done"), "1");
  EXPECT_EQ(raw(one, "exact"), "false") << "more match";
  EXPECT_EQ(status(ids[2]), "CANCELLED");
  EXPECT_EQ(status(ids[1]), "PENDING");
  const auto rest =
      steer("cancel", R"({"filter":{"type":["PENDING"],"status":["PENDING"]},"limit":3})");
  EXPECT_EQ(raw(rest, "done"), "2");
  EXPECT_EQ(raw(rest, "exact"), "true");
}

}  // namespace
}  // namespace belfry::api
