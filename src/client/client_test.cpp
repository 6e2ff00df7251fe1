#include "belfry/client.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "belfry/credentials.hpp"
#include "client/scripted_scheduler.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

using testing::ScriptedScheduler;
using testing::task_answer;

Submission a_task() {
  Submission task;
  task.task_name = "t";
  task.payload = Json::object({{"n", 1}});
  return task;
}

Response refusal(int status, const std::string& type, const std::string& retry_after = "") {
  auto response = Response::json(
      status, Json::object({{"type", "urn:belfry:problem:" + type}, {"detail", "why"}}));
  if (!retry_after.empty()) response.headers.emplace_back("Retry-After", retry_after);
  return response;
}

TEST(Client, SubmitsWithTokenAndGeneratedKey) {
  ScriptedScheduler scheduler;
  scheduler.answer(task_answer(201, "id-1"));
  auto client = scheduler.client();
  const auto task = client.submit(a_task());
  ASSERT_TRUE(task) << task.error().detail;
  EXPECT_EQ(task->id, "id-1");
  const auto request = scheduler.requests().at(0);
  EXPECT_EQ(request.header("authorization"), "Bearer t1");
  EXPECT_EQ(request.header("Idempotency-Key").value_or("").size(), 32u);
  EXPECT_EQ(request.body, R"({"taskName":"t","payload":{"n":1}})");
}

TEST(Client, KeepsItsTokenAndItsKeyOverAttempts) {
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(503, "storage_unavailable", "0"));
  scheduler.answer(refusal(429, "rate_limited", "0"));
  scheduler.answer(refusal(409, "idempotency_in_progress"));
  scheduler.answer(task_answer(201, "id-1"));
  auto client = scheduler.client();
  ASSERT_TRUE(client.submit(a_task()));
  const auto requests = scheduler.requests();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_EQ(scheduler.tokens(), 1);
  for (const auto& request : requests) {
    EXPECT_EQ(request.header("Idempotency-Key"), requests[0].header("Idempotency-Key"));
  }
}

TEST(Client, WaitsAsLongAsRetryAfterSays) {
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(429, "rate_limited", "1"));
  auto client = scheduler.client();
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(client.metrics());
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
}

TEST(Client, ReturnsAnErrorWhoseRetryAfterIsTooLong) {
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(429, "quota_exceeded", "3600"));
  auto client = scheduler.client();
  const auto result = client.metrics();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().type, "urn:belfry:problem:quota_exceeded");
  EXPECT_EQ(result.error().retry_after, std::chrono::hours(1));
  EXPECT_EQ(scheduler.requests().size(), 1u);
}

TEST(Client, RenewsATokenThatIsRefusedOnce) {
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(401, "invalid_token"));
  auto client = scheduler.client();
  EXPECT_TRUE(client.metrics());
  EXPECT_EQ(scheduler.requests().at(1).header("Authorization"), "Bearer t2");
  scheduler.answer(refusal(401, "invalid_token"));
  scheduler.answer(refusal(401, "invalid_token"));
  EXPECT_EQ(client.metrics().error().status, 401);
}

TEST(Client, RenewsATokenBeforeItEnds) {
  ScriptedScheduler scheduler;
  scheduler.token_life(0);  // ends at once: used for the one second that is the least
  auto client = scheduler.client();
  ASSERT_TRUE(client.metrics());
  scheduler.answer(refusal(429, "rate_limited", "1"));
  ASSERT_TRUE(client.metrics());
  EXPECT_EQ(scheduler.tokens(), 2);
  EXPECT_EQ(scheduler.requests().back().header("Authorization"), "Bearer t2");
}

TEST(Client, TellsAllFaultsAndDoesNotRepeatThem) {
  ScriptedScheduler scheduler;
  scheduler.answer(Response::json(
      422, Json::object({{"type", "urn:belfry:problem:validation_failed"},
                         {"errors", Json::array({Json::object(
                                        {{"pointer", "/priority"}, {"detail", "1 to 10"}})})}})));
  auto client = scheduler.client();
  const auto result = client.submit(a_task());
  ASSERT_FALSE(result);
  ASSERT_EQ(result.error().errors.size(), 1u);
  EXPECT_EQ(result.error().errors[0].pointer, "/priority");
  EXPECT_EQ(scheduler.requests().size(), 1u);
}

TEST(Client, DoesNotRepeatWhatWouldHappenTwice) {
  ScriptedScheduler scheduler;
  auto client = scheduler.client();
  scheduler.answer(refusal(503, "storage_unavailable", "0"));
  EXPECT_EQ(client.retry("id-1").error().status, 503);
  scheduler.answer(refusal(503, "storage_unavailable", "0"));
  EXPECT_EQ(client.create_webhook("https://a.example/").error().status, 503);
  EXPECT_EQ(scheduler.requests().size(), 2u);
  scheduler.answer(refusal(429, "rate_limited", "0"));  // nothing was done
  EXPECT_TRUE(client.retry("id-1"));
}

TEST(Client, RepeatsACancelAndFindsThatTheFirstOneWorked) {
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(503, "storage_unavailable", "0"));
  scheduler.answer(refusal(409, "invalid_state"));
  scheduler.answer(Response::json(200, Json::object({{"status", "CANCELLED"}})));
  auto client = scheduler.client();
  EXPECT_TRUE(client.cancel("id-1"));
  EXPECT_EQ(scheduler.requests().back().method, "GET");
}

TEST(Client, SaysThatATaskEndedBeforeItsCancel) {
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(503, "storage_unavailable", "0"));
  scheduler.answer(refusal(409, "invalid_state"));
  scheduler.answer(Response::json(200, Json::object({{"status", "COMPLETED"}})));
  auto client = scheduler.client();
  EXPECT_EQ(client.cancel("id-1").error().status, 409);
  scheduler.answer(refusal(409, "invalid_state"));
  EXPECT_EQ(client.cancel("id-1").error().status, 409);
  EXPECT_EQ(scheduler.requests().back().method, "DELETE");  // sure at once: nothing to look up
}

TEST(Client, RepeatsARemovalAndFindsThatTheFirstOneWorked) {
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(503, "storage_unavailable", "0"));
  scheduler.answer(refusal(404, "not_found"));
  auto client = scheduler.client();
  EXPECT_TRUE(client.remove_webhook("id-1"));
  scheduler.answer(refusal(404, "not_found"));
  EXPECT_EQ(client.remove_webhook("id-1").error().status, 404);
  scheduler.answer(refusal(429, "rate_limited", "0"));
  scheduler.answer(refusal(404, "not_found"));
  EXPECT_EQ(client.remove_webhook("id-1").error().status, 404);
}

TEST(Client, FollowsPagesAndReadsBulkResults) {
  ScriptedScheduler scheduler;
  auto page = Response::json(200, Json::array({Json::object({{"taskId", "a"}})}));
  page.headers.emplace_back("Link", "</api/v1/tasks?cursor=abc>; rel=\"next\"");
  scheduler.answer(std::move(page));
  scheduler.answer(Response::json(200, Json::array()));
  auto client = scheduler.client();
  TaskFilter filter;
  filter.tags = {"a b"};
  const auto first = client.list(filter);
  ASSERT_TRUE(first);
  EXPECT_EQ(scheduler.requests().at(0).query.at(1).second, "a b");
  const auto second = client.next_page(*first);
  ASSERT_TRUE(second);
  EXPECT_EQ(scheduler.requests().at(1).query.at(0).second, "abc");
  EXPECT_TRUE(second->next.empty());
  scheduler.answer(
      Response::json(200, *Json::parse(R"({"results":[{"status":201,"task":{"taskId":"x"}},)"
                                       R"({"status":422,"problem":{"type":"p","detail":"d"}}]})")));
  const auto bulk = client.submit_bulk({a_task(), a_task()});
  ASSERT_TRUE(bulk);
  EXPECT_EQ(bulk->at(0)->id, "x");
  EXPECT_EQ(bulk->at(1).error().detail, "d");
}

TEST(Client, TriesAsOftenAsItIsToldAndNotOnceMore) {
  ScriptedScheduler scheduler;
  for (int i = 0; i < 9; ++i) scheduler.answer(refusal(503, "storage_unavailable", "0"));
  ClientOptions options;
  options.url = scheduler.url();
  options.api_key = "key";
  options.attempts_max = 3;
  options.backoff_first = std::chrono::milliseconds(1);
  auto client = std::move(*Client::make(options));
  EXPECT_EQ(client.metrics().error().status, 503);
  EXPECT_EQ(scheduler.requests().size(), 3u);
}

// The token is for the scheduler alone.
TEST(Client, DoesNotFollowARedirect) {
  ScriptedScheduler elsewhere;
  ScriptedScheduler scheduler;
  auto moved = refusal(307, "moved");
  moved.headers.emplace_back("Location", elsewhere.url() + "/api/v1/metrics");
  scheduler.answer(std::move(moved));
  auto client = scheduler.client();
  EXPECT_EQ(client.metrics().error().status, 307);
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(Client, SaysThatNobodyAnswersAndStopsWhenClosed) {
  ClientOptions options;
  options.url = "http://127.0.0.1:1024";
  options.api_key = "key";
  options.attempts_max = 2;
  options.backoff_first = std::chrono::milliseconds(1);
  auto client = std::move(*Client::make(options));
  EXPECT_EQ(client.metrics().error().type, "urn:belfry:client:unreachable");
  client.close();
  EXPECT_EQ(client.metrics().error().type, "urn:belfry:client:closed");
  options.ca_file = "/nowhere/ca.pem";
  EXPECT_EQ(Client::make(options).error().type, "urn:belfry:client:file");
  options.url = "nonsense";
  EXPECT_EQ(Client::make(options).error().type, "urn:belfry:client:usage");
}

TEST(Credentials, RegistersOnceAndKeepsTheFilePrivate) {
  const auto folder = std::filesystem::path(::testing::TempDir()) /
                      ("belfry-credentials-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const auto file = (folder / "tenant.json").string();
  ScriptedScheduler scheduler;
  scheduler.answer(refusal(503, "draining", "0"));
  scheduler.answer(
      Response::json(201, *Json::parse(R"({"tenantId":"t","apiKey":"k","webhookSecret":"s"})")));
  const auto first = ensure_registered(scheduler.url(), "me", file);
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->api_key, "k");
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(ensure_registered(scheduler.url(), "me", file)->webhook_secret, "s");
  EXPECT_EQ(scheduler.requests().size(), 2u);
  scheduler.answer(refusal(403, "forbidden"));
  EXPECT_EQ(ensure_registered(scheduler.url(), "me", file + "2").error().status, 403);
}

}  // namespace
}  // namespace belfry::client
