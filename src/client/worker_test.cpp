#include "belfry/worker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <thread>

#include "base/encoding.hpp"
#include "client/scripted_scheduler.hpp"
#include "support/comes_true.hpp"

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
    ++leases;
    if (!lease_refusals.empty()) {
      const int status = lease_refusals.front();
      lease_refusals.pop_front();
      return Response::problem(status, "why");
    }
    changed.wait_for(lock, std::chrono::milliseconds(50), [this] { return waiting >= at_once; });
    auto tasks = Json::array();
    for (int left = waiting < at_once ? 0 : at_once; left > 0; --left) {
      --waiting;
      tasks.push(Json::object({{"taskId", "id-1"}, {"payload", 7}, {"leaseToken", "lease-1"}}));
    }
    return Response::json(200, Json::object({{"tasks", std::move(tasks)}}));
  }

  Response hear(const Request& request) {
    const std::lock_guard lock(mutex);
    const auto& what = request.params.at(1);
    heard[what].push_back(*Json::parse(request.body));
    changed.notify_all();
    if (auto& refusals = call_refusals[what]; !refusals.empty()) {
      const int status = refusals.front();
      refusals.pop_front();
      return Response::problem(status, "why");
    }
    auto answer = Json::object({{"cancelRequested", cancel}});
    if (warns) {
      answer.set("warnings", Json::array({Json::object({{"code", "cut"}, {"detail", "why"}})}));
    }
    return Response::json(200, std::move(answer));
  }

  // The call of that kind that is heard first, or as the count-th.
  Json wait_for(const std::string& what, std::size_t count = 1) {
    std::unique_lock lock(mutex);
    const bool came =
        changed.wait_for(lock, test::kPatience, [&] { return heard[what].size() >= count; });
    EXPECT_TRUE(came) << what;
    return came ? heard[what].at(count - 1) : Json();
  }

  // The server's threads may still answer a request that the worker has given up, so the tests read
  // what they write under the lock, too.
  std::size_t times_heard(const std::string& what) {
    const std::lock_guard lock(mutex);
    return heard[what].size();
  }
  int times_leased() {
    const std::lock_guard lock(mutex);
    return leases;
  }
  std::vector<ClientError> errors_told() {
    const std::lock_guard lock(mutex);
    return errors;
  }
  void refuse_leases(std::deque<int> statuses) {
    const std::lock_guard lock(mutex);
    lease_refusals = std::move(statuses);
  }

  template <class T>
  static bool came(const std::future<T>& what) {
    return what.wait_for(test::kPatience) == std::future_status::ready;
  }

  void add_task() {
    const std::lock_guard lock(mutex);
    ++waiting;
    changed.notify_all();
  }

  // What ended it; stopped if that takes too long.
  Result<> end_of(Worker& worker) {
    auto ended = std::async(std::launch::async, [&worker] { return worker.run(); });
    if (!came(ended)) worker.stop();
    return ended.get();
  }

  WorkerOptions options() {
    WorkerOptions given;
    given.concurrency = 2;
    given.lease = std::chrono::milliseconds(60);
    given.backoff_first = std::chrono::milliseconds(1);
    given.on_error = [this](const ClientError& error) {
      const std::lock_guard lock(mutex);
      errors.push_back(error);
      changed.notify_all();
    };
    return given;
  }

  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  int at_once = 1;  // tasks that one lease call hands out
  bool cancel = false;
  bool warns = false;
  int leases = 0;
  std::deque<int> lease_refusals;
  std::map<std::string, std::deque<int>> call_refusals;  // by the call's name
  std::vector<ClientError> errors;
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

TEST_F(WorkerTest, FailsWhatThrowsSomethingElseThanAnException) {
  Worker worker(*client, options(), [](Job&) -> JobOutcome { throw 7; });
  worker.start();
  add_task();
  EXPECT_TRUE(wait_for("fail")["retryable"].boolean_or(false));
}

TEST_F(WorkerTest, TellsTheHandlerOfACancelAndReportsNothingThen) {
  cancel = true;
  std::promise<void> noticed;
  Worker worker(*client, options(), [&noticed](Job& job) {
    if (test::comes_true([&job] { return job.cancelled(); })) noticed.set_value();
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  ASSERT_TRUE(came(noticed.get_future())) << "the handler was not told of the cancellation";
  worker.stop();
  EXPECT_EQ(times_heard("complete"), 0u);
}

TEST_F(WorkerTest, TreatsALostLeaseAsACancel) {
  call_refusals["heartbeat"] = {409};
  std::promise<void> noticed;
  Worker worker(*client, options(), [&noticed](Job& job) {
    if (test::comes_true([&job] { return job.cancelled(); })) noticed.set_value();
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  EXPECT_TRUE(came(noticed.get_future())) << "the handler was not told of the lost lease";
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
  EXPECT_EQ(times_heard("complete"), 1u);
}

// A job that is leased and not begun is no other worker's until its lease ends.
TEST_F(WorkerTest, RunsWhatItHasLeasedBeforeItStops) {
  at_once = 3;  // more than were asked for: two of them wait for the first
  std::promise<void> entered;
  std::promise<void> leave;
  std::atomic<int> runs = 0;
  auto one_at_a_time = options();
  one_at_a_time.concurrency = 1;
  Worker worker(*client, one_at_a_time, [&](Job&) {
    if (++runs == 1) {
      entered.set_value();
      leave.get_future().wait();
    }
    return JobOutcome::complete();
  });
  worker.start();
  for (int i = 0; i < 3; ++i) add_task();
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&worker] { worker.stop(); });
  for (int i = 0; i < 1'000; ++i) std::this_thread::yield();  // most likely it has begun to stop
  leave.set_value();
  stopped.wait();
  EXPECT_EQ(times_heard("complete"), 3u);
}

TEST_F(WorkerTest, EndsWithTheErrorThatEveryLeaseCallWouldMeet) {
  for (const int status : {400, 401, 403, 422}) {
    refuse_leases({status, status});  // a 401 is tried once more, with a new token
    Worker worker(*client, options(), [](Job&) { return JobOutcome::complete(); });
    const auto ended = end_of(worker);
    ASSERT_FALSE(ended) << status;
    EXPECT_EQ(ended.error().status, status);
    EXPECT_EQ(errors_told().back().status, status);
    refuse_leases({});
  }
  EXPECT_EQ(errors_told().size(), 4u);
}

TEST_F(WorkerTest, GoesOnAfterErrorsThatPassAndTellsThem) {
  refuse_leases({500, 503, 429});
  Worker worker(*client, options(), [](Job&) { return JobOutcome::complete(); });
  worker.start();
  add_task();
  wait_for("complete");
  worker.stop();
  EXPECT_GE(times_leased(), 4);
  const auto told = errors_told();
  ASSERT_EQ(told.size(), 2u);  // the client itself tries again after 429
  EXPECT_EQ(told[0].status, 500);
  EXPECT_EQ(told[1].status, 503);
}

TEST_F(WorkerTest, EndsItsRunWithoutAnErrorWhenStopped) {
  Worker worker(*client, options(), [](Job&) { return JobOutcome::complete(); });
  auto ended = std::async(std::launch::async, [&worker] { return worker.run(); });
  add_task();
  wait_for("complete");
  worker.stop();
  EXPECT_TRUE(ended.get());
  EXPECT_TRUE(errors_told().empty());
}

TEST_F(WorkerTest, EndsWhenItsClientIsClosed) {
  client->close();
  Worker worker(*client, options(), [](Job&) { return JobOutcome::complete(); });
  const auto ended = end_of(worker);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().type, "urn:belfry:client:closed");
}

TEST_F(WorkerTest, FailsForGoodWhatHasAResultThatIsNotTaken) {
  call_refusals["complete"] = {413, 422};
  Worker worker(*client, options(), [](Job&) { return JobOutcome::complete("much"); });
  worker.start();
  for (const std::size_t count : {1, 2}) {
    add_task();
    const auto failed = wait_for("fail", count);
    EXPECT_EQ(failed["errorMessage"].string_or(""), "the result was refused: why");
    EXPECT_FALSE(failed["retryable"].boolean_or(true));
  }
  worker.stop();
  const auto told = errors_told();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].detail, "result of task id-1: why");
}

TEST_F(WorkerTest, TellsItsOutcomeToASchedulerThatWasAway) {
  call_refusals["complete"] = {500};
  auto patient = options();
  patient.lease = std::chrono::seconds(60);
  Worker worker(*client, patient, [](Job&) { return JobOutcome::complete("kept"); });
  worker.start();
  add_task();
  EXPECT_EQ(wait_for("complete", 2)["result"].string_or(""), "kept");
}

TEST_F(WorkerTest, CutsWhatIsTooLongBetweenTwoCharacters) {
  std::string eggs;  // 8,000 bytes: "ä" has two
  while (eggs.size() < 8'000) eggs += "ä";
  Worker worker(*client, options(), [&eggs](Job& job) {
    job.progress(1, "x" + eggs);
    job.log("x" + eggs);
    job.log(std::string(2'048, '\xff'));  // a broken byte is written as three
    return JobOutcome::fail("x" + eggs + std::string(1, '\0'));
  });
  worker.start();
  add_task();
  const auto beat = wait_for("heartbeat");
  EXPECT_EQ(beat["progress"]["text"].string_or("").size(), 255u);
  EXPECT_EQ(beat["logs"].items().at(0).string_or("").size(), 2'047u);
  EXPECT_EQ(beat["logs"].items().at(1).string_or("").size(), 2'046u);
  const auto message = wait_for("fail")["errorMessage"].string_or("");
  EXPECT_EQ(message.size(), 4'095u);
  EXPECT_TRUE(is_utf8(message));
}

TEST_F(WorkerTest, SaysAgainWhatAHeartbeatCouldNotDeliver) {
  call_refusals["heartbeat"] = {500};
  std::promise<void> leave;
  Worker worker(*client, options(), [&leave](Job& job) {
    job.progress(40, "half");
    job.log("line");
    leave.get_future().wait();
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  const auto again = wait_for("heartbeat", 2);
  leave.set_value();
  EXPECT_EQ(again["progress"]["percent"].integer_or(0), 40);
  EXPECT_EQ(again["logs"].items().at(0).string_or(""), "line");
}

TEST_F(WorkerTest, PassesOnWarnings) {
  warns = true;
  std::mutex guard;
  std::vector<Warning> warnings;
  auto given = options();
  given.on_warning = [&](const Warning& warning) {
    const std::lock_guard lock(guard);
    warnings.push_back(warning);
  };
  given.lease = std::chrono::seconds(60);
  Worker worker(*client, given, [](Job& job) {
    job.log("line");
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  wait_for("complete");
  worker.stop();
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0].code, "cut");
  EXPECT_EQ(warnings[0].detail, "heartbeat of task id-1: why");
  EXPECT_EQ(warnings[1].detail, "result of task id-1: why");
}

TEST_F(WorkerTest, RenewsTheLeaseWithoutWhatAHeartbeatWasRefusedFor) {
  call_refusals["heartbeat"] = {422};
  std::promise<void> leave;
  Worker worker(*client, options(), [&leave](Job& job) {
    job.log("line");
    leave.get_future().wait();
    return JobOutcome::complete();
  });
  worker.start();
  add_task();
  const auto bare = wait_for("heartbeat", 2);
  leave.set_value();
  EXPECT_TRUE(bare["logs"].is_null());
}

}  // namespace
}  // namespace belfry::client
