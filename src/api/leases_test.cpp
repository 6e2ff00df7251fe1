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
