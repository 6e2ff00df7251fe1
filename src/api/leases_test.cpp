// The calls of workers that pull.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class Leases : public ApiTest {
 protected:
  int running(TenantId of) {
    std::int64_t running = 0;
    gateway.read_blocking([&](store::Snapshot& snapshot) {
      running = snapshot.metrics().counts(of)[domain::Status::running];
    });
    return static_cast<int>(running);
  }
  std::size_t leased(const std::string& more = {}) {
    const auto answer = post("/api/v1/leases", R"({"max":10)" + more + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::size_t tasks = 0;
    const json::Value body(answer.body);
    for ([[maybe_unused]] const auto& task : body.find("tasks")->elements()) ++tasks;
    return tasks;
  }

  std::string in(Millis ms) { return format_time(clock.now() + ms); }

  // Closes its connection once it holds tasks, before the answer reaches it.
  class Vanishing : public http::Peer {
   public:
    explicit Vanishing(Leases& test) : test_(test) {}
    bool has_gone() override {
      most_ = std::max(most_, test_.running(test_.tenant));
      return most_ > 0;
    }
    async::StopSignal gone() override { return {}; }
    int most() const { return most_; }

   private:
    Leases& test_;
    int most_ = 0;  // tasks that it was seen to hold
  };
};

TEST_F(Leases, TheTasksOfAWorkerThatVanishedAreAnothersAtOnce) {
  const std::string ids[] = {submit(), submit(), submit()};
  Vanishing vanishing(*this);
  peer = &vanishing;
  EXPECT_EQ(leased(R"(,"waitMs":1000)"), 0U);
  EXPECT_EQ(vanishing.most(), 3) << "it held them all";
  EXPECT_EQ(running(tenant), 0);
  for (const auto& id : ids) {
    const auto task = get("/api/v1/tasks/" + id);
    EXPECT_EQ(text(task, "status"), "PENDING");
    EXPECT_EQ(raw(task, "retryCount"), "0") << "that is no failure";
  }
  peer = nullptr;
  EXPECT_EQ(leased(), 3U);
}

TEST_F(Leases, TasksOfSeveralQueuesAreLeasedInTheirOrderUpToTheMost) {
  for (const auto* queue : {"a", "b", "c"}) {
    for (int i = 0; i < 2; ++i) {
      submit(R"({"taskName":"t","target":{"type":"worker"},"queue":)" + quoted(queue) + "}");
    }
  }
  const auto queues = [&](int max) {
    const auto answer =
        post("/api/v1/leases", R"({"queues":["b","none","a"],"max":)" + std::to_string(max) + "}");
    std::string names;
    const json::Value body(answer.body);
    for (const auto& task : body.find("tasks")->elements()) names += *task.find("queue")->string();
    return names;
  };
  EXPECT_EQ(queues(1), "b");
  EXPECT_EQ(queues(2), "ba");
  EXPECT_EQ(queues(9), "a") << "what is left of the two, and none of the third";
  EXPECT_EQ(queues(9), "");
}

TEST_F(Leases, NothingIsLeasedWhileTheServiceIsPaused) {
  bool paused = true;
  services.pause = {[&] { return paused; },
                    [&] {
                      paused = false;
                      return Result<>();
                    }};
  submit();
  EXPECT_EQ(leased(), 0U);
  EXPECT_EQ(raw(post("/api/v1/admin/resume"), "paused"), "false");
  EXPECT_EQ(leased(), 1U);
}

TEST_F(Leases, ALeaseLastsAsLongAsWasAsked) {
  const auto expiry = [&](const std::string& members) {
    submit();
    return of_leased(post("/api/v1/leases", "{" + members + "}"), "leaseExpiresAt");
  };
  EXPECT_EQ(expiry(R"("leaseMs":5000)"), in(Millis{5'000}));
  EXPECT_EQ(expiry(""), in(domain::kLeaseDefault));
  EXPECT_EQ(expiry(R"("queues":null,"max":null,"waitMs":null,"leaseMs":null,"worker":null)"),
            in(domain::kLeaseDefault));
}

TEST_F(Leases, AHeartbeatMakesALeaseLongerAndNeverShorter) {
  const auto path = "/api/v1/tasks/" + submit() + "/heartbeat";
  const auto good = R"({"leaseToken":)" +
                    quoted(of_leased(post("/api/v1/leases", R"({"leaseMs":1000})"), "leaseToken"));
  const auto expiry = [&](const std::string& more) {
    return text(post(path, good + more + "}"), "leaseExpiresAt");
  };
  for (const auto* unset : {"", R"(,"extendMs":null)"}) {
    EXPECT_EQ(expiry(unset), in(domain::kLeaseDefault)) << unset;
    clock.advance(Millis{500});
  }
  const auto longer = in(Millis{90'000});
  EXPECT_EQ(expiry(R"(,"extendMs":90000)"), longer);
  clock.advance(Millis{500});
  EXPECT_EQ(expiry(R"(,"extendMs":1000)"), longer);
  EXPECT_EQ(expiry(""), longer);
}

TEST_F(Leases, AnAttemptEndsWithItsTimeoutHoweverOftenItIsHeardOf) {
  ASSERT_EQ(put("/api/v1/queues/q", R"({"timeoutMs":7000})").status, 200);
  for (const auto& [more, ms] : {std::pair{R"(,"timeoutMs":5000})", 5'000}, {"}", 7'000}}) {
    const auto id =
        submit(R"({"taskName":"t","queue":"q","target":{"type":"worker"})" + std::string(more));
    const auto end = in(Millis{ms});
    const auto leased = post("/api/v1/leases", R"({"queues":["q"],"leaseMs":60000})");
    EXPECT_EQ(of_leased(leased, "leaseExpiresAt"), end) << more;
    clock.advance(Millis{1'000});
    const auto renewed =
        post("/api/v1/tasks/" + id + "/heartbeat",
             R"({"extendMs":60000,"leaseToken":)" + quoted(of_leased(leased, "leaseToken")) + "}");
    EXPECT_EQ(text(renewed, "leaseExpiresAt"), end) << more;
  }
}

TEST_F(Leases, AnAttemptNamesItsWorker) {
  const auto id = submit();
  ASSERT_EQ(leased(R"(,"worker":"the third")"), 1U);
  const auto attempts = raw(get("/api/v1/tasks/" + id), "attempts");
  EXPECT_NE(attempts.find(R"("the third")"), std::string::npos) << attempts;
}

TEST_F(Leases, WhoDoesNotWaitMayHaveClosedItsSendingSide) {
  submit();
  Vanishing vanishing(*this);
  peer = &vanishing;
  EXPECT_EQ(leased(), 1U);
  EXPECT_EQ(leased(R"(,"waitMs":0)"), 0U) << "the first one holds it";
  EXPECT_EQ(running(tenant), 1);
}

}  // namespace
}  // namespace belfry::api
