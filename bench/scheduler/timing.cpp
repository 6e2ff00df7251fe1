// How soon: from the moment that a submission was due to its handler's start, and from the moment
// that a delayed task was due.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "benchmarks.hpp"
#include "clients.hpp"

namespace belfry::bench {
namespace {

// A receiver of bodies that are times: how long after each it came, in ms.
class Stopwatch {
 public:
  // `now` tells the time on the clock and in the unit of the bodies, `per_ms` of which are one ms.
  Stopwatch(std::int64_t (*now)(), double per_ms)
      : receiver_([this, now, per_ms](const http::Request& request) {
          const auto from = std::strtoll(request.body.c_str(), nullptr, 10);
          const auto waited = static_cast<double>(now() - from) / per_ms;
          const std::lock_guard lock(mutex_);
          waits_.push_back(waited);
        }) {}

  Receiver& receiver() { return receiver_; }
  std::vector<double> waits(long count) {
    receiver_.wait_for(count);
    const std::lock_guard lock(mutex_);
    return waits_;
  }

 private:
  std::mutex mutex_;
  std::vector<double> waits_;
  Receiver receiver_;
};

std::int64_t wall_us() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

// Tasks due at the times given (wall, ms); how late each was started, in ms.
std::vector<double> lateness_of(int port, const std::vector<std::int64_t>& due,
                                std::string_view tenant) {
  Stopwatch watch(wall_us, 1'000);
  const auto token = new_token(port, tenant);
  const auto target = http_target(watch.receiver());
  HttpPipe pipe(port);
  for (std::size_t i = 0; i < due.size(); i += 500) {
    std::string body = "[";
    for (auto k = i; k < std::min(i + 500, due.size()); ++k) {
      body += fmt::format(R"({}{{"taskName":"due","payload":{},"scheduledFor":"{}",{}}})",
                          k == i ? "" : ",", due[k] * 1'000, format_time(from_ms(due[k])), target);
    }
    pipe.demand("POST", "/api/v1/tasks/bulk", body + "]", token);
  }
  return watch.waits(static_cast<long>(due.size()));
}

// The same by a thread that sleeps until each is due and calls the receiver.
std::vector<double> bare_lateness(const std::vector<std::int64_t>& due) {
  Stopwatch watch(wall_us, 1'000);
  HttpPipe pipe(watch.receiver().port());
  for (const auto at : due) {
    const timespec until{at / 1'000, at % 1'000 * 1'000'000};
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr);
    pipe.demand("POST", "/run", std::to_string(at * 1'000));
  }
  return watch.waits(static_cast<long>(due.size()));
}

std::vector<std::int64_t> hundred_a_second(int count) {
  std::vector<std::int64_t> due;
  const auto first = wall_us() / 1'000 + 2'000;
  for (int i = 0; i < count; ++i) due.push_back(first + i * 10);
  return due;
}

Figure earliest(const std::vector<double>& late) {
  return {.name = "  the earliest of them",
          .unit = "ms",
          .seen = percentile(late, 0),
          .bars = {.at_least = 0},
          .over = Over::lowest};
}

}  // namespace

std::vector<Figure> bench_latency(const Round& round) {
  constexpr int kPerSecond = 500;
  const int count = kPerSecond * (round.quick ? 1 : 10);
  Stopwatch bare(now_ns, 1e6);
  open_loop(bare.receiver().port(), count, kPerSecond, [](HttpPipe& pipe, std::int64_t due) {
    pipe.demand("POST", "/run", std::to_string(due));
  });
  const auto direct = bare.waits(count);
  Stopwatch watch(now_ns, 1e6);
  const auto token = new_token(round.scheduler.port(), "latency");
  const auto target = http_target(watch.receiver());
  open_loop(round.scheduler.port(), count, kPerSecond, [&](HttpPipe& pipe, std::int64_t due) {
    pipe.demand("POST", "/api/v1/tasks",
                fmt::format(R"({{"taskName":"noop","payload":{},{}}})", due, target), token);
  });
  const auto waits = watch.waits(count);
  const auto figure = [&](const char* name, double share, double bar) {
    return Figure{.name = name,
                  .unit = "ms",
                  .seen = percentile(waits, share),
                  .limit = percentile(direct, share),
                  .limit_of = "called straight",
                  .bars = {.at_most = bar}};
  };
  return {figure("due to handler started, 500/s, p50", 0.5, 1),
          figure("due to handler started, 500/s, p99", 0.99, 5)};
}

std::vector<Figure> bench_lateness(const Round& round) {
  const int count = round.quick ? 100 : 1'000;
  const auto bare = bare_lateness(hundred_a_second(count));
  const auto late = lateness_of(round.scheduler.port(), hundred_a_second(count), "lateness");
  return {{.name = "lateness at 100/s, p99",
           .unit = "ms",
           .seen = percentile(late, 0.99),
           .limit = percentile(bare, 0.99),
           .limit_of = "bare timer",
           .bars = {.at_most = 10}},
          earliest(late)};
}

std::vector<Figure> bench_burst(const Round& round) {
  const int count = round.quick ? 500 : 10'000;
  const double bare_ms = count / bare_push_rate(count) * 1e3;
  const std::vector<std::int64_t> due(static_cast<std::size_t>(count), wall_us() / 1'000 + 4'000);
  const auto late = lateness_of(round.scheduler.port(), due, "burst");
  return {{.name = fmt::format("{} due at once, the last started after", count),
           .unit = "ms",
           .seen = percentile(late, 1),
           .limit = bare_ms,
           .limit_of = "HTTP client alone",
           .bars = {.at_most = 900}},
          earliest(late)};
}

}  // namespace belfry::bench
