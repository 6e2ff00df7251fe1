// The client library against the real scheduler, whose address live_test.py gives.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>

#include "belfry/client.hpp"
#include "belfry/receiver.hpp"
#include "belfry/worker.hpp"

namespace belfry::client {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;  // the longest wait for what must come

std::string given(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// An account of its own, and a receiver that hears how its task ends.
class Live : public ::testing::Test {
 protected:
  void SetUp() override {
    account = Client::register_tenant(url, "live");
    ASSERT_TRUE(account) << account.error().detail;
    client.emplace(std::move(*Client::make({.url = url, .api_key = account->api_key})));
    receiver.emplace(std::move(*Receiver::make({})));
    ASSERT_TRUE(receiver->set_secrets({account->webhook_secret}));
    receiver->on_push("/push", [this](const Push& push) {
      pushed.set_value({push.task_id, push.lease});
      return PushOutcome::accepted();
    });
    receiver->on_webhook("/ended", [this](const Event& event) {
      ended.set_value(event);
      return Receipt::taken;
    });
    ASSERT_TRUE(receiver->start());
  }

  std::string here(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(receiver->port()) + path;
  }

  Submission a_task(Target target) const {
    Submission task{.task_name = "t"};
    task.target = std::move(target);
    task.callback_url = here("/ended");
    return task;
  }

  Event end_of_task() {
    auto event = ended.get_future();
    if (event.wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "the task did not end";
      return {};
    }
    return event.get();
  }

  // A client with a key of its own, and the key's id.
  std::pair<Client, std::string> narrowed(const std::string& scope) {
    Client::Call make;
    make.method = "POST";
    make.path = "/api/v1/api-keys";
    make.body = Json::object({{"name", scope}, {"scopes", Json::array({scope})}});
    make.repeatable = false;
    const auto key = client->call(make);
    EXPECT_TRUE(key) << key.error().detail;
    const auto secret = key->body["apiKey"].string_or("");
    return {std::move(*Client::make({.url = url, .api_key = secret})),
            key->body["id"].string_or("")};
  }

  const std::string url = given("BELFRY_URL");
  Result<Registration> account;
  std::optional<Client> client;
  std::optional<Receiver> receiver;
  std::promise<Lease> pushed;
  std::promise<Event> ended;
};

WorkerOptions silent() {
  WorkerOptions options;
  options.on_error = [](const ClientError&) {};
  return options;
}

TEST_F(Live, CompletesAPushThatWasAccepted) {
  const auto task = client->submit(a_task({.kind = Target::Kind::http, .url = here("/push")}));
  ASSERT_TRUE(task) << task.error().detail;
  auto accepted = pushed.get_future();
  ASSERT_EQ(accepted.wait_for(kPatience), std::future_status::ready);
  const auto lease = accepted.get();
  EXPECT_EQ(lease.task_id, task->id);
  // The answer 202 may still be on its way when the lease is already here.
  auto held = client->heartbeat(lease, {.percent = 50, .text = "half", .logs = {"line"}});
  ASSERT_TRUE(held) << held.error().detail;
  EXPECT_FALSE(held->cancel_requested);
  ASSERT_TRUE(client->complete(lease, Json::object({{"n", 1}})));
  const auto event = end_of_task();
  EXPECT_EQ(event.status, "COMPLETED");
  EXPECT_EQ(event.result.dump(), R"({"n":1})");
  EXPECT_EQ(client->fail(lease, "late").error().status, 409);
}

TEST_F(Live, FailsAPushThatWasAccepted) {
  ASSERT_TRUE(client->submit(a_task({.kind = Target::Kind::http, .url = here("/push")})));
  ASSERT_TRUE(client->fail(pushed.get_future().get(), std::string(5'000, 'x'), false));
  const auto event = end_of_task();
  EXPECT_EQ(event.status, "FAILED");
  EXPECT_EQ(event.error_message, std::string(4'096, 'x'));
}

TEST_F(Live, CompletesWhatHasAResultThatIsTooLargeAndPassesTheWarningOn) {
  std::atomic<int> runs{0};
  std::promise<Warning> warned;
  auto given = silent();
  given.on_warning = [&warned](const Warning& warning) { warned.set_value(warning); };
  Worker worker(*client, given, [&runs](Job& job) {
    ++runs;
    job.log(std::string(3'000, 'l'));
    return JobOutcome::complete(std::string(70'000, 'r'));
  });
  worker.start();
  const auto task = client->submit(a_task({.kind = Target::Kind::worker}));
  ASSERT_TRUE(task) << task.error().detail;
  const auto event = end_of_task();
  EXPECT_EQ(event.status, "COMPLETED");
  EXPECT_EQ(runs, 1);
  const auto warning = warned.get_future().get();
  EXPECT_EQ(warning.code, "cut");
  EXPECT_TRUE(warning.detail.starts_with("result of task " + task->id)) << warning.detail;
  const auto seen = client->get(task->id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->attempt, 1);
  EXPECT_EQ(seen->document["result"].string_or("").size(), 64u * 1024 - 2);
  const auto& lines = seen->document["logs"].items();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["line"].string_or("").size(), 2'048u);
}

TEST_F(Live, EndsAWorkerWhoseKeyHasNoScopeOrIsRevoked) {
  const auto handler = [](Job&) { return JobOutcome::complete(); };
  auto [reader, unused] = narrowed("tasks:read");
  EXPECT_EQ(Worker(reader, silent(), handler).run().error().status, 403);
  auto [helper, key] = narrowed("worker");
  Client::Call revoke;
  revoke.method = "DELETE";
  revoke.path = "/api/v1/api-keys/" + key;
  ASSERT_TRUE(client->call(revoke));
  EXPECT_EQ(Worker(helper, silent(), handler).run().error().status, 401);
  auto options = silent();
  options.poll = 21s;
  EXPECT_EQ(Worker(*client, options, handler).run().error().status, 422);
}

TEST_F(Live, RepeatsByItsOwnPolicyAndGivesThePayloadBackAsItCame) {
  auto task = a_task({.kind = Target::Kind::echo, .echo_delay = 1ms, .echo_fail_times = 2});
  task.payload = *Json::raw(R"({"n":18446744073709551615,"x":1.10,"y":1e400})");
  task.retry = Retry{.max_attempts = 3,
                     .backoff = Retry::Backoff::fixed,
                     .initial = 1ms,
                     .max = 1s,
                     .jitter = 0.0};
  const auto submitted = client->submit(task);
  ASSERT_TRUE(submitted) << submitted.error().detail;
  EXPECT_EQ(submitted->payload.dump(), task.payload.dump());
  EXPECT_EQ(end_of_task().status, "COMPLETED");
  EXPECT_EQ(client->get(submitted->id)->attempt, 3);
}

TEST_F(Live, ListsByTimeAndClearsWhatAQueueHas) {
  ASSERT_TRUE(client->submit(a_task({.kind = Target::Kind::echo})));
  TaskFilter future{.created_from = "2099-01-01T00:00:00+01:00"};
  EXPECT_TRUE(client->list(future)->tasks.empty());
  TaskFilter past{.created_from = "2000-01-01T00:00:00Z", .created_to = "2099-01-01T00:00:00Z"};
  EXPECT_EQ(client->list(past)->tasks.size(), 1u);
  QueueSettings settings{.concurrency_limit = 2, .aging = 5s};
  settings.retry = Retry{.max_attempts = 7};
  const auto set = client->put_queue("lane", settings);
  ASSERT_TRUE(set) << set.error().detail;
  EXPECT_EQ((*set)["concurrencyLimit"].integer_or(0), 2);
  EXPECT_EQ((*set)["retry"]["maxAttempts"].integer_or(0), 7);
  const auto cleared =
      client->put_queue("lane", {.clear = {QueueSettings::Field::concurrency_limit}});
  ASSERT_TRUE(cleared) << cleared.error().detail;
  EXPECT_TRUE((*cleared)["concurrencyLimit"].is_null());
  EXPECT_EQ((*cleared)["agingMs"].integer_or(0), 5'000);
}

TEST(LiveTls, TrustsAnAuthorityOfItsOwn) {
  const auto url = given("BELFRY_TLS_URL");
  const auto account = Client::register_tenant(url, "live", given("BELFRY_CA"));
  ASSERT_TRUE(account) << account.error().detail;
  ClientOptions options{.url = url, .api_key = account->api_key, .attempts_max = 1};
  EXPECT_EQ(Client::make(options)->metrics().error().type, "urn:belfry:client:unreachable");
  options.ca_file = given("BELFRY_CA");
  const auto trusting = Client::make(options)->metrics();
  EXPECT_TRUE(trusting) << trusting.error().detail;
}

}  // namespace
}  // namespace belfry::client
