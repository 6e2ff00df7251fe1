// How many tasks a second: pushed to a receiver, and pulled by workers.
#include <fmt/format.h>

#include <atomic>

#include "bare_store.hpp"
#include "benchmarks.hpp"
#include "clients.hpp"

namespace belfry::bench {
namespace {

struct Leased {
  std::string completions = "[";  // the body that completes them all
  int count = 0;
};

Leased lease_100(HttpPipe& pipe, const std::string& token) {
  const auto answer = pipe.demand("POST", "/api/v1/leases",
                                  R"({"queues":["pull"],"max":100,"leaseMs":60000})", token);
  Leased leased;
  for (std::size_t at = 0; (at = answer.body.find("\"taskId\":\"", at)) != std::string::npos;) {
    const auto id = answer.body.substr(at + 10, 36);
    const auto from = answer.body.find("\"leaseToken\":\"", at) + 14;
    const auto lease = answer.body.substr(from, answer.body.find('"', from) - from);
    leased.completions += fmt::format(R"({}{{"taskId":"{}","leaseToken":"{}"}})",
                                      leased.count++ ? "," : "", id, lease);
    at = from;
  }
  leased.completions += "]";
  return leased;
}

struct BareRates {
  double submit = 0, pull = 0;
};

BareRates bare_rates(const std::filesystem::path& scratch, int tasks) {
  BareStore bare(scratch / "bare.db");
  auto began = Steady::now();
  for (int i = 0; i < tasks; i += 500) bare.submit(500);
  const double submitted = seconds_since(began);
  began = Steady::now();
  for (auto claimed = bare.claim(100); !claimed.empty(); claimed = bare.claim(100)) {
    bare.end(claimed);
  }
  return {tasks / submitted, tasks / seconds_since(began)};
}

}  // namespace

std::vector<Figure> bench_push(const Round& round) {
  const int tasks = round.quick ? 3'200 : 200'000;
  constexpr int kSubmitters = 32;
  const int port = round.scheduler.port();
  const double bare = bare_push_rate(tasks / 2);
  Receiver receiver;
  const auto token = new_token(port, "push");
  const auto body =
      fmt::format(R"({{"taskName":"noop","payload":{{"n":1}},{}}})", http_target(receiver));
  const auto cpu = round.scheduler.cpu_seconds();
  const auto began = Steady::now();
  run_threads(kSubmitters, [&](int) {
    HttpPipe pipe(port);
    for (int i = 0; i < tasks / kSubmitters; ++i) pipe.demand("POST", "/api/v1/tasks", body, token);
  });
  const double submitted = seconds_since(began);
  receiver.wait_for(tasks);
  const double done = seconds_since(began);
  return {{.name = "submit, push, complete",
           .unit = "/s",
           .seen = tasks / done,
           .limit = bare,
           .limit_of = "HTTP client alone",
           .bars = {.at_least = 9'000}},
          {.name = "  submissions in that run", .unit = "/s", .seen = tasks / submitted},
          {.name = "  the scheduler's CPU a task",
           .unit = "µs",
           .seen = (round.scheduler.cpu_seconds() - cpu) * 1e6 / tasks}};
}

std::vector<Figure> bench_pull(const Round& round) {
  const int tasks = round.quick ? 2'000 : 200'000;
  const int port = round.scheduler.port();
  const auto bare = bare_rates(round.scratch, tasks);
  const auto token = new_token(port, "pull");
  const auto task = R"({"taskName":"noop","queue":"pull","target":{"type":"worker"},"payload":)" +
                    payload_200() + "}";
  const double bulk = submit_bulk(port, token, task, tasks);
  std::atomic<int> done{0};
  const auto began = Steady::now();
  run_threads(4, [&](int) {
    HttpPipe pipe(port);
    while (done.load() < tasks) {
      const auto leased = lease_100(pipe, token);
      if (leased.count == 0) break;  // the others hold the last ones
      pipe.demand("POST", "/api/v1/leases/complete", leased.completions, token);
      done += leased.count;
    }
  });
  return {{.name = "bulk of 500",
           .unit = "/s",
           .seen = tasks / bulk,
           .limit = bare.submit,
           .limit_of = "bare SQLite loop",
           .bars = {.at_least = 80'000}},
          {.name = "pull and complete, leases of 100",
           .unit = "/s",
           .seen = done.load() / seconds_since(began),
           .limit = bare.pull,
           .limit_of = "bare SQLite loop",
           .bars = {.at_least = 25'000}}};
}

}  // namespace belfry::bench
