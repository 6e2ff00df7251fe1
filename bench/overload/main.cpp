// Overload: one tenant offers twice what the scheduler can take, while another submits 50 tasks a
// second and a third completes tasks. The scheduler and the loaders have a core each, so that what
// is measured is the scheduler's choice and not the machine's.
#include <fmt/format.h>
#include <sched.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "arguments.hpp"
#include "bare_store.hpp"
#include "figures.hpp"
#include "http_pipe.hpp"
#include "offered_load.hpp"
#include "scheduler_process.hpp"
#include "scratch_folder.hpp"

namespace belfry::bench {
namespace {

constexpr double kPolitePerSecond = 50;
constexpr std::size_t kGreedyConnections = 4'000;

struct Tenant {
  std::string token;
  std::string submission;  // a request whose task waits for a worker
};

std::string request(std::string_view token, std::string_view queue) {
  const auto body = fmt::format(
      R"({{"taskName":"bench","queue":"{}","target":{{"type":"worker"}},"payload":{}}})", queue,
      payload_200());
  return fmt::format(
      "POST /api/v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      token, body.size(), body);
}

Tenant tenant(int port, std::string_view name) {
  auto token = new_token(port, name);
  auto submission = request(token, "work");
  return {std::move(token), std::move(submission)};
}

// Takes tasks and completes them, ten at a time, until it is told to stop.
class Worker {
 public:
  Worker(int port, const Tenant& tenant)
      : work_(std::async(std::launch::async, [this, port, &tenant] { work(port, tenant); })) {}
  ~Worker() { stop_ = true; }
  // How many were completed; throws what went wrong.
  std::size_t finish() {
    stop_ = true;
    work_.get();
    return completed_;
  }

 private:
  void work(int port, const Tenant& tenant) {
    HttpPipe pipe(port);
    while (!stop_) {
      const auto leased = pipe.demand("POST", "/api/v1/leases",
                                      R"({"queues":["work"],"max":10,"waitMs":100})", tenant.token);
      std::string_view left = leased.body;
      for (auto at = left.find(R"("taskId":")"); at != left.npos; at = left.find(R"("taskId":")")) {
        left.remove_prefix(at);
        const auto id = string_member(left, "taskId");
        const auto lease = string_member(left, "leaseToken");
        pipe.demand("POST", fmt::format("/api/v1/tasks/{}/complete", id),
                    fmt::format(R"({{"leaseToken":"{}"}})", lease), tenant.token);
        ++completed_;
        left.remove_prefix(10);
      }
    }
  }

  std::atomic<bool> stop_{false};
  std::size_t completed_ = 0;
  std::future<void> work_;
};

struct Polite {
  double p50 = 0, p99 = 0, completed_per_second = 0;
  std::size_t refused = 0;
};

Polite polite_load(int port, const Tenant& tenant, double seconds) {
  Worker worker(port, tenant);
  const auto answered = offer({.port = port,
                               .request = tenant.submission,
                               .connections = 16,
                               .per_second = kPolitePerSecond,
                               .seconds = seconds});
  Polite polite;
  for (const auto& [status, ms] : answered.ms_by_status) {
    if (status != 201) polite.refused += ms.size();
  }
  polite.refused += answered.unsent;
  if (answered.count(201) == 0) throw std::runtime_error("the polite tenant got nothing in");
  polite.p50 = percentile(answered.ms_by_status.at(201), 0.5);
  polite.p99 = percentile(answered.ms_by_status.at(201), 0.99);
  polite.completed_per_second = static_cast<double>(worker.finish()) / answered.seconds;
  return polite;
}

std::vector<Figure> round(const std::string& binary, const std::filesystem::path& data,
                          bool quick) {
  const double seconds = quick ? 1 : 8;
  SchedulerProcess scheduler(binary, data);
  scheduler.pin_to(0);
  scheduler.start();
  const auto greedy = tenant(scheduler.port(), "greedy");
  const auto polite = tenant(scheduler.port(), "polite");
  lift_limits(data, scheduler.port());

  const auto alone = polite_load(scheduler.port(), polite, seconds);
  const auto capacity =
      offer({.port = scheduler.port(), .request = greedy.submission, .seconds = seconds / 2})
          .per_second(201);
  const OfferedLoad twice{.port = scheduler.port(),
                          .request = greedy.submission,
                          .connections = quick ? 200 : kGreedyConnections,
                          .per_second = 2 * capacity,
                          .seconds = seconds};
  auto flooding = std::async(std::launch::async, [&twice] { return offer(twice); });
  const auto beside = polite_load(scheduler.port(), polite, seconds * 0.8);
  auto flood = flooding.get();
  auto refused = flood.ms_by_status[503];
  const auto accepted = flood.per_second(201);
  return {{.name = "capacity of one tenant, 64 connections", .unit = "/s", .seen = capacity},
          {.name = "accepted at twice the capacity",
           .unit = "/s",
           .seen = accepted,
           .limit = capacity,
           .limit_of = "capacity",
           .bars = {.ratio_at_least = 0.8}},
          {.name = "refused at twice the capacity", .unit = "/s", .seen = flood.per_second(503)},
          {.name = "refusals, p99",
           .unit = "ms",
           .seen = percentile(refused, 0.99),
           .bars = {.at_most = 100}},
          {.name = "another tenant's submit beside it, p50",
           .unit = "ms",
           .seen = beside.p50,
           .limit = alone.p50,
           .limit_of = "alone"},
          {.name = "another tenant's submit beside it, p99",
           .unit = "ms",
           .seen = beside.p99,
           .limit = alone.p99,
           .limit_of = "alone",
           .bars = {.at_most = 2 * alone.p99 + 50}},
          {.name = "another tenant's refusals beside it",
           .unit = "",
           .seen = static_cast<double>(beside.refused),
           .bars = {.at_most = 0}},
          {.name = "another tenant's completions beside it",
           .unit = "/s",
           .seen = beside.completed_per_second,
           .limit = alone.completed_per_second,
           .limit_of = "alone",
           .bars = {.ratio_at_least = 0.8}}};
}

}  // namespace

bool run(const Arguments& arguments) {
  // The loaders; the scheduler gets the other core.
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(1, &core);
  if (sched_setaffinity(0, sizeof core, &core) != 0) {
    fmt::print(stderr, "there is one core only: the figures are of both together\n");
  }
  const ScratchFolder scratch(arguments.words[1]);
  std::vector<std::vector<Figure>> rounds;
  for (int i = 0; i < (arguments.quick ? 1 : arguments.rounds); ++i) {
    rounds.push_back(
        round(arguments.words[0], scratch.path() / std::to_string(i), arguments.quick));
  }
  return print(summarise(rounds));
}

}  // namespace belfry::bench

int main(int argc, char** argv) {
  return belfry::bench::run_main(
      argc, argv, "bench_overload SCHEDULER_BINARY FOLDER [--rounds N] [--strict] [--quick]", 2,
      belfry::bench::run);
}
