#include "belfry/worker.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <map>
#include <thread>

#include "client/scripted_scheduler.hpp"

namespace belfry::client {
namespace {

// Leases what is queued, and tells what the worker says about it.
class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : scheduler(std::move(*Receiver::make({}))) {
    scheduler.route("POST", "/api/v1/auth/token", [](const Request&) {
      return Response::json(200, Json::object({{"access_token", "t"}, {"expires_in", 3'600}}));
    });
    scheduler.route("POST", "/api/v1/leases", [this](const Request&) { return lease(); });
    scheduler.route("POST", "/api/v1/tasks/{id}/{what}",
                    [this](const Request& request) { return hear(request); });
    scheduler.start();
    ClientOptions options;
    options.url = "http://127.0.0.1:" + std::to_string(scheduler.port());
    options.api_key = "key";
    client.emplace(std::move(*Client::make(options)));
  }

  Response lease() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::milliseconds(50), [this] { return waiting > 0; });
    auto tasks = Json::array();
    if (waiting > 0) {
      --waiting;
      tasks.push(Json::object({{"taskId", "id-1"}, {"payload", 7}, {"leaseToken", "lease-1"}}));
    }
    return Response::json(200, Json::object({{"tasks", std::move(tasks)}}));
  }

  Response hear(const Request& request) {
    const std::lock_guard lock(mutex);
    heard[request.params.at(1)].push_back(*Json::parse(request.body));
    changed.notify_all();
    return Response::json(heartbeat_status, Json::object({{"cancelRequested", cancel}}));
  }

  Json wait_for(const std::string& what) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(
        changed.wait_for(lock, std::chrono::seconds(10), [&] { return !heard[what].empty(); }));
    return heard[what].empty() ? Json() : heard[what].front();
  }

  void add_task() {
    const std::lock_guard lock(mutex);
    ++waiting;
    changed.notify_all();
  }

  WorkerOptions options() {
    WorkerOptions given;
    given.concurrency = 2;
    given.lease = std::chrono::milliseconds(60);
    return given;
  }

  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  bool cancel = false;
  int heartbeat_status = 200;
  std::map<std::string, std::vector<Json>> heard;
  Receiver scheduler;
  std::optional<Client> client;
};

TEST_F(WorkerTest, CompletesWithProgressAndLogs) {
  Worker worker(*client, options(), [](Job& job) {
    job.progress(40, "half");
    job.log("line");
    return JobOutcome::complete(Json(job.task().payload.integer_or(0) + 1));
  });
  worker.start();
  add_task();
  EXPECT_EQ(wait_for("complete").dump(), R"({"leaseToken":"lease-1","result":8})");
  const auto beat = wait_for("heartbeat");
  EXPECT_EQ(beat["progress"]["percent"].integer_or(0), 40);
  EXPECT_EQ(beat["logs"].items().at(0).string_or(""), "line");
}

TEST_F(WorkerTest, FailsWhatThrowsOrSaysSo) {
  Worker worker(*client, options(), [](Job&) -> JobOutcome { throw std::runtime_error("broken"); });
  worker.start();
  add_task();
  const auto failed = wait_for("fail");
  EXPECT_EQ(failed["errorMessage"].string_or(""), "broken");
  EXPECT_TRUE(failed["retryable"].boolean_or(false));
}

TEST_F(WorkerTest, TellsTheHandlerOfACancelAndReportsNothingThen) {
  cancel = true;
  std::promise<void> noticed;
  Worker worker(*client, options(), [&noticed](Job& job) {
    while (!job.cancelled()) std::this_thread::yield();
    noticed.set_value();
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  ASSERT_EQ(noticed.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  worker.stop();
  EXPECT_TRUE(heard["complete"].empty());
}

TEST_F(WorkerTest, TreatsALostLeaseAsACancel) {
  heartbeat_status = 409;
  std::promise<void> noticed;
  Worker worker(*client, options(), [&noticed](Job& job) {
    while (!job.cancelled()) std::this_thread::yield();
    noticed.set_value();
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  EXPECT_EQ(noticed.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(WorkerTest, StopsAfterWhatRunsHasReported) {
  std::promise<void> entered;
  std::promise<void> leave;
  Worker worker(*client, options(), [&](Job&) {
    entered.set_value();
    leave.get_future().wait();
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&worker] { worker.stop(); });
  leave.set_value();
  stopped.wait();
  EXPECT_EQ(heard["complete"].size(), 1u);
}

}  // namespace
}  // namespace belfry::client
