#include "clients.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "http/client.hpp"

namespace belfry::bench {
namespace {

struct Pushes {
  http::Url to;
  int left = 0;     // not sent yet
  int loops = 0;    // that still run
  int refused = 0;  // not answered 2xx
};

boost::asio::awaitable<void> push_on(http::Client& client, Pushes& pushes) {
  while (pushes.left-- > 0) {
    http::OutboundRequest request;
    request.url = pushes.to;
    request.body = std::string(200, 'x');
    const auto answer = co_await client.send(std::move(request));
    if (!answer || answer->status / 100 != 2) ++pushes.refused;
  }
}

}  // namespace

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

std::int64_t now_ns() {
  return Steady::now().time_since_epoch().count();
}

std::string http_target(const Receiver& receiver) {
  return fmt::format(R"("target":{{"type":"http","url":"http://127.0.0.1:{}/run"}})",
                     receiver.port());
}

void run_threads(int count, const std::function<void(int)>& work) {
  std::mutex mutex;
  std::exception_ptr first;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

double submit_bulk(int port, const std::string& token, const std::string& task, int tasks) {
  constexpr int kEach = 500;
  std::string body = "[";
  for (int i = 0; i < kEach; ++i) body += (i == 0 ? "" : ",") + task;
  body += "]";
  std::atomic<int> left{tasks / kEach};
  const auto began = Steady::now();
  run_threads(2, [&](int) {
    HttpPipe pipe(port);
    while (left.fetch_sub(1) > 0) pipe.demand("POST", "/api/v1/tasks/bulk", body, token);
  });
  return seconds_since(began);
}

double bare_push_rate(int pushes) {
  Receiver receiver;
  boost::asio::io_context context(1);
  const auto policy = http::EgressPolicy::make({"127.0.0.0/8"});
  http::Client client(context.get_executor(), *policy, {});
  Pushes state{*http::parse_url(fmt::format("http://127.0.0.1:{}/run", receiver.port())), pushes,
               128, 0};
  const auto began = Steady::now();
  for (int i = state.loops; i > 0; --i) {
    boost::asio::co_spawn(context, push_on(client, state), [&](std::exception_ptr failure) {
      --state.loops;
      state.refused += failure ? 1 : 0;
    });
  }
  while (state.loops > 0) context.run_one();
  const double used = seconds_since(began);
  client.close();
  if (state.refused > 0) throw std::runtime_error("the HTTP client alone was refused");
  return pushes / used;
}

void open_loop(int port, int count, int per_second,
               const std::function<void(HttpPipe&, std::int64_t due_ns)>& call) {
  constexpr int kConnections = 4;
  const auto began = Steady::now();
  run_threads(kConnections, [&](int thread) {
    HttpPipe pipe(port);
    for (int i = thread; i < count; i += kConnections) {
      const auto due = began + std::chrono::nanoseconds{1'000'000'000LL * i / per_second};
      std::this_thread::sleep_until(due);
      call(pipe, due.time_since_epoch().count());
    }
  });
}

}  // namespace belfry::bench
