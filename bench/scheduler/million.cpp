// What a million waiting tasks cost: memory, disk, a restart, and another tenant's first task.
#include <fmt/format.h>

#include <atomic>

#include "bare_store.hpp"
#include "benchmarks.hpp"
#include "clients.hpp"
#include "disk.hpp"

namespace belfry::bench {
namespace {

// From the call to the handler's start, in ms, of tenants that have just registered.
std::vector<double> first_tasks(int port) {
  std::vector<double> waits;
  for (int i = 0; i < 20; ++i) {
    std::atomic<std::int64_t> arrived{0};
    Receiver receiver([&](const http::Request&) { arrived = now_ns(); });
    const auto token = new_token(port, "fresh");
    HttpPipe pipe(port);
    const auto began = now_ns();
    pipe.demand("POST", "/api/v1/tasks",
                fmt::format(R"({{"taskName":"first",{}}})", http_target(receiver)), token);
    receiver.wait_for(1);
    waits.push_back(static_cast<double>(arrived - began) / 1e6);
  }
  return waits;
}

// Both sizes of a store that is closed, so that all of it is in the file.
double bare_bytes_a_task(const std::filesystem::path& scratch, int tasks) {
  const auto path = scratch / "bare.db";
  {
    const BareStore empty(path);
  }
  const auto before = store_bytes(path);
  {
    BareStore bare(path);
    for (int i = 0; i < tasks; i += 500) bare.submit(500);
  }
  return static_cast<double>(store_bytes(path) - before) / tasks;
}

double megabytes(const SchedulerProcess& scheduler) {
  return static_cast<double>(scheduler.rss_kib()) / 1'024;
}

}  // namespace

std::vector<Figure> bench_million(const Round& round) {
  const int tasks = round.quick ? 10'000 : 1'000'000;
  auto& scheduler = round.scheduler;
  const auto alone = first_tasks(scheduler.port());
  const double memory_empty = megabytes(scheduler);
  const auto token = new_token(scheduler.port(), "million");
  HttpPipe(scheduler.port()).demand("PUT", "/api/v1/queues/many", "{}", token);
  HttpPipe(scheduler.port()).demand("POST", "/api/v1/queues/many/pause", "", token);
  scheduler.stop();
  const auto disk = scheduler.disk_bytes();
  scheduler.start();
  const auto task =
      R"({"taskName":"wait","queue":"many","target":{"type":"echo","delayMs":500},"payload":)" +
      payload_200() + "}";
  submit_bulk(scheduler.port(), token, task, tasks);
  const double memory = megabytes(scheduler);
  scheduler.stop();
  const double bytes = static_cast<double>(scheduler.disk_bytes() - disk) / tasks;
  const double restarted_in = scheduler.start();
  HttpPipe(scheduler.port()).demand("POST", "/api/v1/queues/many/resume", "", token);
  const auto beside = first_tasks(scheduler.port());
  const auto waiting = fmt::format("{} waiting: ", tasks);
  return {{.name = waiting + "memory",
           .unit = "MB",
           .seen = memory,
           .limit = memory_empty,
           .limit_of = "empty",
           .bars = {.at_most = 250}},
          {.name = waiting + "disk a task",
           .unit = "bytes",
           .seen = bytes,
           .limit = bare_bytes_a_task(round.scratch, tasks / 10),
           .limit_of = "bare rows",
           .bars = {.at_most = 450}},
          {.name = waiting + "restart",
           .unit = "s",
           .seen = restarted_in,
           .limit = round.started_in,
           .limit_of = "empty",
           .bars = {.at_most = 2}},
          {.name = waiting + "a fresh tenant's first, max of 20",
           .unit = "ms",
           .seen = percentile(beside, 1),
           .limit = percentile(alone, 1),
           .limit_of = "none waiting",
           .bars = {.at_most = 50}}};
}

}  // namespace belfry::bench
