#pragma once

#include "dispatch/dispatcher.hpp"
#include "http/scripted_peer.hpp"
#include "outbox/loops_fixture.hpp"
#include "store/lanes.hpp"

namespace belfry::dispatch {

// What one loop needs, for a test that runs it alone.
struct LoopBench {
  LoopBench(const boost::asio::any_io_executor& executor, const Clock& clock, Random& random,
            store::Gateway& gateway, const store::Directory& directory, http::Client& client,
            MetricsRegistry& metrics, std::vector<signing::SigningKey> keys)
      : instruments(metrics),
        gate({executor, clock, random}, {}),
        context{executor,
                clock,
                random,
                gateway,
                directory,
                client,
                gate,
                backlog,
                [keys](TenantId) { return keys; },
                [](TenantId, std::string_view) -> std::optional<std::string> { return "opened"; },
                instruments,
                {},
                {},
                {}} {}

  Instruments instruments;
  http::DestinationGate gate;
  Backlog backlog;
  Context context;
};

// A dispatcher on the real clock; tests wait for commits and requests, never for time.
class DispatcherTest : public outbox::LoopsTest<AnchoredClock> {
 protected:
  DispatcherTest() : tenant(add_tenant()) {
    on_commit = [this](const store::Committed& committed) {
      if (dispatcher) dispatcher->on_commit(committed);
    };
  }
  ~DispatcherTest() override { stop(std::chrono::milliseconds{0}); }

  // Without the claimer's safety net, so that a test fails if a wake-up is missing.
  void start(Options options = {}) {
    options.look_again = std::chrono::hours{1};
    make_client();
    dispatcher = std::make_unique<Dispatcher>(
        DispatcherParts{
            context.get_executor(), clock, random, gateway, directory, *client,
            [](TenantId) { return one_key(); },
            [](TenantId, std::string_view) -> std::optional<std::string> { return "opened"; },
            metrics, [](std::exception_ptr failure) { std::rethrow_exception(failure); }},
        options);
    run_loops([this] { dispatcher->start(); });
  }
  void stop(std::chrono::milliseconds limit) {
    if (!thread.joinable()) return;
    end_loops(dispatcher->drain(limit));
    dispatcher.reset();
  }

  domain::NewTask a_task(domain::Target target) {
    domain::NewTask task;
    task.tenant = tenant;
    task.name = "t";
    task.payload = R"({"n":1})";
    task.options.target = std::move(target);
    task.options.retry = domain::RetryPolicy{.max_attempts = 3, .initial = Millis{5}};
    return task;
  }
  static domain::HttpTarget at(const http::ScriptedPeer& peer) {
    domain::HttpTarget target;
    target.url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/run";
    return target;
  }
  TaskId submit(domain::NewTask task) {
    task.id = ids.make<TaskId>();
    task.submitted_at = IdGenerator::time_of(task.id.uuid);
    if (task.options.retry) task.max_attempts = task.options.retry->max_attempts;
    store::Submit command;
    command.task = task;
    transact([&](store::Transaction& tx) { EXPECT_TRUE(tx.submit(command)); });
    return task.id;
  }
  TaskId submit(domain::Target target) { return submit(a_task(std::move(target))); }

  store::TaskRow task(TaskId id) {
    std::optional<store::TaskRow> row;
    gateway.read_blocking(
        [&](store::Snapshot& snapshot) { row = snapshot.tasks().find(tenant, id); });
    EXPECT_TRUE(row);
    return *row;
  }
  std::vector<std::string> outcomes(TaskId id) {
    std::vector<std::string> names;
    gateway.read_blocking([&](store::Snapshot& snapshot) {
      for (const auto& attempt : snapshot.tasks().attempts(tenant, id)) {
        names.push_back(attempt.outcome);
      }
    });
    return names;
  }
  testing::AssertionResult becomes(TaskId id, domain::Status status) {
    return eventually([&] { return task(id).status == status; });
  }
  void set_queue(const std::string& name, domain::QueueSettings settings) {
    transact([&](store::Transaction& tx) {
      EXPECT_TRUE(tx.queue_writes().put(tenant, name, settings, clock.now()));
    });
  }

  TenantId tenant;
  std::unique_ptr<Dispatcher> dispatcher;
};

inline std::string answer(int status, const std::string& more = "", const std::string& body = "") {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

}  // namespace belfry::dispatch
