// What each call puts on the wire.
#include <gtest/gtest.h>

#include "belfry/client.hpp"
#include "client/scripted_scheduler.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

using testing::ScriptedScheduler;

TEST(Calls, AnswerForAPushThatWasAccepted) {
  ScriptedScheduler scheduler;
  auto client = scheduler.client();
  const Lease lease{"id-1", "lease-1"};
  scheduler.answer(Response::json(
      200,
      *Json::parse(R"({"leaseExpiresAt":"2026-01-01T00:00:00.000Z","cancelRequested":true})")));
  Heartbeat heartbeat;
  heartbeat.percent = 200;
  heartbeat.logs = {"line"};
  const auto held = client.heartbeat(lease, heartbeat);
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->cancel_requested);
  EXPECT_EQ(held->lease_expires_at, "2026-01-01T00:00:00.000Z");
  ASSERT_TRUE(client.complete(lease, Json::object({{"n", 1}})));
  ASSERT_TRUE(client.fail(lease, "no", false));
  const auto requests = scheduler.requests();
  EXPECT_EQ(requests.at(0).path, "/api/v1/tasks/id-1/heartbeat");
  EXPECT_EQ(requests[0].body,
            R"({"leaseToken":"lease-1","extendMs":30000,"progress":{"text":"","percent":100},)"
            R"("logs":["line"]})");
  EXPECT_EQ(requests.at(1).path, "/api/v1/tasks/id-1/complete");
  EXPECT_EQ(requests[1].body, R"({"leaseToken":"lease-1","result":{"n":1}})");
  EXPECT_EQ(requests.at(2).path, "/api/v1/tasks/id-1/fail");
  EXPECT_EQ(requests[2].body, R"({"leaseToken":"lease-1","errorMessage":"no","retryable":false})");
}

TEST(Calls, TellThatALeaseIsLost) {
  ScriptedScheduler scheduler;
  auto client = scheduler.client();
  scheduler.answer(Response::problem(409, "lost"));
  EXPECT_EQ(client.complete({"id-1", "lease-1"}).error().status, 409);
  scheduler.answer(Response::problem(409, "lost"));
  EXPECT_EQ(client.heartbeat({"id-1", "lease-1"}).error().status, 409);
}

TEST(Calls, SubmitRetriesAndTargets) {
  Submission task;
  task.task_name = "t";
  Retry retry;
  retry.max_attempts = 5;
  retry.backoff = Retry::Backoff::linear;
  retry.initial = std::chrono::seconds(2);
  retry.max = std::chrono::minutes(1);
  retry.jitter = 0.5;
  task.retry = retry;
  Target target{.kind = Target::Kind::http, .url = "https://a.example/", .method = "PUT"};
  target.headers = {{"X-A", "b"}};
  task.target = target;
  EXPECT_EQ(submission_json(task).dump(),
            R"({"taskName":"t","target":{"type":"http","url":"https://a.example/","method":"PUT",)"
            R"("headers":{"X-A":"b"}},"retry":{"maxAttempts":5,"backoff":"linear",)"
            R"("initialMs":2000,"maxMs":60000,"jitter":0.5}})");
  Target echo{.kind = Target::Kind::echo};
  echo.echo_delay = std::chrono::milliseconds(5);
  echo.echo_fail_times = 2;
  EXPECT_EQ(target_json(echo).dump(), R"({"type":"echo","delayMs":5,"failTimes":2})");
}

TEST(Calls, SetAndClearWhatAQueueHas) {
  QueueSettings settings;
  settings.aging = std::chrono::seconds(5);
  settings.retry = Retry{.backoff = Retry::Backoff::fixed};
  settings.clear = {QueueSettings::Field::concurrency_limit, QueueSettings::Field::timeout};
  EXPECT_EQ(
      queue_json(settings).dump(),
      R"({"retry":{"backoff":"fixed"},"agingMs":5000,"concurrencyLimit":null,"timeoutMs":null})");
  settings = {};
  settings.clear = {QueueSettings::Field::default_target, QueueSettings::Field::retry,
                    QueueSettings::Field::aging};
  EXPECT_EQ(queue_json(settings).dump(), R"({"defaultTarget":null,"retry":null,"agingMs":null})");
}

TEST(Calls, ListByTime) {
  ScriptedScheduler scheduler;
  scheduler.answer(Response::json(200, Json::array()));
  auto client = scheduler.client();
  TaskFilter filter;
  filter.created_from = "2026-01-01T00:00:00+01:00";
  filter.created_to = "2026-01-02T00:00:00Z";
  filter.finished_from = "2026-01-03T00:00:00Z";
  filter.finished_to = "2026-01-04T00:00:00Z";
  ASSERT_TRUE(client.list(filter));
  const std::vector<std::pair<std::string, std::string>> expected{
      {"limit", "50"},
      {"createdFrom", filter.created_from},
      {"createdTo", filter.created_to},
      {"finishedFrom", filter.finished_from},
      {"finishedTo", filter.finished_to}};
  EXPECT_EQ(scheduler.requests().at(0).query, expected);
}

TEST(Calls, CarryHeadersOfTheirOwn) {
  ScriptedScheduler scheduler;
  auto client = scheduler.client();
  Client::Call call;
  call.path = "/api/v1/queues";
  call.headers = {{"traceparent", "00-1-2-01"}};
  ASSERT_TRUE(client.call(call));
  EXPECT_EQ(scheduler.requests().at(0).header("Traceparent"), "00-1-2-01");
}

}  // namespace
}  // namespace belfry::client
