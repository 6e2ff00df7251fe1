// End-to-end benchmarks of the real scheduler over real sockets, clients on the same machine. Each
// prints its figure, its bar, and beside it a bare limit measured in the same run.
//
//   bench_scheduler SCHEDULER_BINARY FOLDER [push|pull|latency|lateness|burst|million …]
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "http/client.hpp"
#include "http_pipe.hpp"
#include "receiver.hpp"
#include "scheduler_process.hpp"

namespace belfry::bench {
namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

void report(const std::string& name, const std::string& figure, const std::string& bar,
            const std::string& beside = "") {
  fmt::print("{:<34} {:>22}   bar {:<14} {}\n", name, figure, bar, beside);
  std::fflush(stdout);
}

std::string rate(double n, double seconds) {
  return fmt::format("{:.0f} tasks/s", n / seconds);
}

double percentile(std::vector<double>& values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

std::string http_target(const Receiver& receiver) {
  return fmt::format(R"({{"type":"http","url":"http://127.0.0.1:{}/run"}})", receiver.port());
}

void run_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
}

// What our HTTP client alone pushes to the same receiver, 128 in flight.
double bare_push_rate(int pushes) {
  Receiver receiver;
  boost::asio::io_context context(1);
  const auto policy = http::EgressPolicy::make({"127.0.0.0/8"});
  http::Client client(context.get_executor(), *policy, {});
  const auto url = *http::parse_url(fmt::format("http://127.0.0.1:{}/run", receiver.port()));
  int left = pushes;
  const auto loop = [](http::Client& c, http::Url to, int& rest) -> boost::asio::awaitable<void> {
    while (rest-- > 0) {
      http::OutboundRequest request;
      request.url = to;
      request.body = std::string(200, 'x');
      co_await c.send(std::move(request));
    }
  };
  const auto began = Steady::now();
  for (int i = 0; i < 128; ++i) {
    boost::asio::co_spawn(context, loop(client, url, left), [](std::exception_ptr) {});
  }
  while (receiver.count() < pushes) context.run_one();
  const double used = seconds_since(began);
  client.close();
  return pushes / used;
}

void bench_push(SchedulerProcess& scheduler) {
  constexpr int kTasks = 200'000, kSubmitters = 32;
  const double bare = bare_push_rate(100'000);
  Receiver receiver;
  const auto token = new_token(scheduler.port(), "push");
  const auto body = fmt::format(R"({{"taskName":"noop","payload":{{"n":1}},"target":{}}})",
                                http_target(receiver));
  const auto cpu = scheduler.cpu_seconds();
  const auto began = Steady::now();
  run_threads(kSubmitters, [&](int) {
    HttpPipe pipe(scheduler.port());
    for (int i = 0; i < kTasks / kSubmitters; ++i) {
      const auto answer = pipe.call("POST", "/api/v1/tasks", body, token);
      if (answer.status != 201) {
        fmt::print("refused: {}\n", answer.body);
        std::exit(1);
      }
    }
  });
  const double submitted = seconds_since(began);
  receiver.wait_for(kTasks);
  const double done = seconds_since(began);
  report("submit → push → completion", rate(kTasks, done), ">= 9,000",
         fmt::format(
             "submitting alone {:.1f} s of {:.1f} s; {:.0f} µs CPU a task; bare pushes {:.0f}/s",
             submitted, done, (scheduler.cpu_seconds() - cpu) * 1e6 / kTasks, bare));
}

std::string bulk_body(int count, const std::string& task) {
  std::string body = "[";
  for (int i = 0; i < count; ++i) body += (i == 0 ? "" : ",") + task;
  return body + "]";
}

double submit_bulk(SchedulerProcess& scheduler, const std::string& token, const std::string& task,
                   int tasks, int threads) {
  const auto body = bulk_body(500, task);
  std::atomic<int> left{tasks / 500};
  const auto began = Steady::now();
  run_threads(threads, [&](int) {
    HttpPipe pipe(scheduler.port());
    while (left.fetch_sub(1) > 0) {
      const auto answer = pipe.call("POST", "/api/v1/tasks/bulk", body, token);
      if (answer.status != 200 || answer.body.find("\"problem\"") != std::string::npos) {
        fmt::print("refused: {}\n", answer.body.substr(0, 500));
        std::exit(1);
      }
    }
  });
  return seconds_since(began);
}

const std::string kPayload200 = R"({"data":")" + std::string(189, 'x') + R"("})";

void bench_pull(SchedulerProcess& scheduler) {
  constexpr int kTasks = 200'000;
  const auto token = new_token(scheduler.port(), "pull");
  const auto task = R"({"taskName":"noop","queue":"pull","target":{"type":"worker"},"payload":)" +
                    kPayload200 + "}";
  const double bulk = submit_bulk(scheduler, token, task, kTasks, 2);
  report("bulk submission, 500 a request", rate(kTasks, bulk), ">= 80,000");
  std::atomic<int> done{0};
  const auto began = Steady::now();
  run_threads(4, [&](int) {
    HttpPipe pipe(scheduler.port());
    while (done.load() < kTasks) {
      const auto leased = pipe.call("POST", "/api/v1/leases",
                                    R"({"queues":["pull"],"max":100,"leaseMs":60000})", token);
      std::string body = "[";
      int count = 0;
      for (std::size_t at = 0; (at = leased.body.find("\"taskId\":\"", at)) != std::string::npos;) {
        const auto id = leased.body.substr(at + 10, 36);
        const auto from = leased.body.find("\"leaseToken\":\"", at) + 14;
        const auto lease = leased.body.substr(from, leased.body.find('"', from) - from);
        body += fmt::format("{}{{\"taskId\":\"{}\",\"leaseToken\":\"{}\"}}", count++ ? "," : "", id,
                            lease);
        at = from;
      }
      if (count == 0) break;
      pipe.call("POST", "/api/v1/leases/complete", body + "]", token);
      done += count;
    }
  });
  report("pull and complete, leases of 100", rate(done.load(), seconds_since(began)), ">= 25,000");
}

std::int64_t now_ns() {
  return Steady::now().time_since_epoch().count();
}

void bench_latency(SchedulerProcess& scheduler) {
  constexpr int kPerSecond = 500, kSeconds = 10;
  std::mutex mutex;
  std::vector<double> latencies;
  Receiver receiver([&](const http::Request& request) {
    const auto sent = std::strtoll(request.body.c_str(), nullptr, 10);
    const std::lock_guard lock(mutex);
    latencies.push_back(static_cast<double>(now_ns() - sent) / 1e6);
  });
  const auto token = new_token(scheduler.port(), "latency");
  const auto target = http_target(receiver);
  const auto began = Steady::now();
  run_threads(4, [&](int thread) {
    HttpPipe pipe(scheduler.port());
    for (int i = thread; i < kPerSecond * kSeconds; i += 4) {
      std::this_thread::sleep_until(began +
                                    std::chrono::nanoseconds{1'000'000'000LL * i / kPerSecond});
      pipe.call("POST", "/api/v1/tasks",
                fmt::format(R"({{"taskName":"noop","payload":{},"target":{}}})", now_ns(), target),
                token);
    }
  });
  receiver.wait_for(kPerSecond * kSeconds);
  const std::lock_guard lock(mutex);
  report("idle latency, 500/s",
         fmt::format("p50 {:.2f} p99 {:.2f} ms", percentile(latencies, 0.5),
                     percentile(latencies, 0.99)),
         "1 / 5 ms", fmt::format("max {:.1f} ms", latencies.back()));
}

std::int64_t wall_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000 + now.tv_nsec / 1'000'000;
}

// Tasks due at the times given; how late each was started, in ms.
std::vector<double> lateness_of(SchedulerProcess& scheduler, const std::vector<std::int64_t>& due,
                                std::string_view tenant) {
  std::mutex mutex;
  std::vector<double> late;
  Receiver receiver([&](const http::Request& request) {
    const auto at = std::strtoll(request.body.c_str(), nullptr, 10);
    const auto now = wall_ms();
    const std::lock_guard lock(mutex);
    late.push_back(static_cast<double>(now - at));
  });
  const auto token = new_token(scheduler.port(), tenant);
  const auto target = http_target(receiver);
  HttpPipe pipe(scheduler.port());
  for (std::size_t i = 0; i < due.size(); i += 500) {
    std::string body = "[";
    for (auto k = i; k < std::min(i + 500, due.size()); ++k) {
      body += fmt::format(R"({}{{"taskName":"due","payload":{},"scheduledFor":"{}","target":{}}})",
                          k == i ? "" : ",", due[k], format_time(from_ms(due[k])), target);
    }
    pipe.call("POST", "/api/v1/tasks/bulk", body + "]", token);
  }
  receiver.wait_for(static_cast<long>(due.size()));
  const std::lock_guard lock(mutex);
  return late;
}

void bench_lateness(SchedulerProcess& scheduler) {
  std::vector<std::int64_t> due;
  const auto first = wall_ms() + 2'000;
  for (int i = 0; i < 1'000; ++i) due.push_back(first + i * 10);
  auto late = lateness_of(scheduler, due, "lateness");
  const auto p99 = percentile(late, 0.99);
  report("lateness, 100/s", fmt::format("p50 {:.0f} p99 {:.0f} ms", percentile(late, 0.5), p99),
         "p99 <= 10 ms",
         fmt::format("earliest {:.0f} ms, latest {:.0f} ms", late.front(), late.back()));
}

void bench_burst(SchedulerProcess& scheduler) {
  const std::vector<std::int64_t> due(10'000, wall_ms() + 4'000);
  auto late = lateness_of(scheduler, due, "burst");
  report("10,000 due at once, last started", fmt::format("{:.0f} ms", percentile(late, 1)),
         "<= 900 ms",
         fmt::format("median {:.0f} ms, earliest {:.0f} ms", percentile(late, 0.5), late.front()));
}

void bench_million(SchedulerProcess& scheduler) {
  constexpr int kTasks = 1'000'000;
  const auto token = new_token(scheduler.port(), "million");
  HttpPipe(scheduler.port()).call("PUT", "/api/v1/queues/many", "{}", token);
  HttpPipe(scheduler.port()).call("POST", "/api/v1/queues/many/pause", "", token);
  const auto disk = scheduler.disk_bytes();
  const auto task =
      R"({"taskName":"wait","queue":"many","target":{"type":"echo","delayMs":500},"payload":)" +
      kPayload200 + "}";
  const double used = submit_bulk(scheduler, token, task, kTasks, 2);
  report("1,000,000 waiting: submitted", rate(kTasks, used), "");
  report("1,000,000 waiting: memory", fmt::format("{} MB", scheduler.rss_kib() / 1024),
         "<= 250 MB");
  scheduler.stop();
  report("1,000,000 waiting: disk a task",
         fmt::format("{} bytes", (scheduler.disk_bytes() - disk) / kTasks), "<= 450");
  report("1,000,000 waiting: restart", fmt::format("{:.2f} s", scheduler.start()), "<= 2 s");
  HttpPipe(scheduler.port()).call("POST", "/api/v1/queues/many/resume", "", token);
  std::vector<double> first;
  for (int i = 0; i < 20; ++i) {
    std::atomic<std::int64_t> arrived{0};
    Receiver receiver([&](const http::Request&) { arrived = now_ns(); });
    const auto fresh = new_token(scheduler.port(), "fresh");
    HttpPipe pipe(scheduler.port());
    const auto began = now_ns();
    pipe.call("POST", "/api/v1/tasks",
              fmt::format(R"({{"taskName":"first","target":{}}})", http_target(receiver)), fresh);
    receiver.wait_for(1);
    first.push_back(static_cast<double>(arrived - began) / 1e6);
  }
  report("fresh tenants' first task beside it", fmt::format("max {:.1f} ms", percentile(first, 1)),
         "<= 50 ms",
         fmt::format("median of 20: {:.1f} ms; memory {} MB", percentile(first, 0.5),
                     scheduler.rss_kib() / 1024));
}

}  // namespace

int run(const std::string& binary, const std::string& folder, const std::set<std::string>& only) {
  const std::pair<const char*, void (*)(SchedulerProcess&)> all[] = {
      {"push", bench_push},         {"pull", bench_pull},   {"latency", bench_latency},
      {"lateness", bench_lateness}, {"burst", bench_burst}, {"million", bench_million}};
  for (const auto& [name, bench] : all) {
    if (!only.empty() && !only.contains(name)) continue;
    SchedulerProcess scheduler(binary, folder);
    scheduler.start();
    bench(scheduler);
  }
  return 0;
}

}  // namespace belfry::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_scheduler SCHEDULER_BINARY FOLDER [benchmark …]\n");
    return 2;
  }
  return belfry::bench::run(argv[1], argv[2], std::set<std::string>(argv + 3, argv + argc));
}
