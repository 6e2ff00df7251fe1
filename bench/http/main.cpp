// `POST /api/v1/tasks` under wrk, one task a request, durable before the answer: the scheduler, a
// bare prototype (Beast, gateway and SQLite without token and validation) and a Beast server that
// only parses and answers, in turn within one run. Medians, and ratios to the prototype.
//
//   bench_http SCHEDULER_BINARY FOLDER [seconds a round [rounds]]
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/log.hpp"
#include "http_pipe.hpp"
#include "prototype.hpp"
#include "scheduler_process.hpp"

namespace belfry::bench {
namespace {

struct Bar {
  int connections;
  const char* words;
};
constexpr Bar kBars[] = {{16, ">= 14000/s"}, {64, ">= 22000/s and ratio >= 0.80"}, {256, ""}};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A task of about 200 bytes of payload for a queue that nobody works on.
std::string write_script(const std::string& folder, const std::string& token) {
  const auto path = folder + "/post.lua";
  std::ofstream out(path);
  out << "wrk.method = 'POST'\n"
      << "wrk.headers['Content-Type'] = 'application/json'\n"
      << "wrk.headers['Authorization'] = 'Bearer " << token << "'\n"
      << R"(wrk.body = '{"taskName":"bench","target":{"type":"worker"},"payload":{"data":")"
      << std::string(189, 'x') << "\"}}'\n";
  return path;
}

// Requests a second; ends the run if any answer was not a 201.
double wrk(int port, const std::string& script, int connections, int seconds) {
  const auto command = fmt::format("wrk -t2 -c{} -d{}s -s {} http://127.0.0.1:{}/api/v1/tasks 2>&1",
                                   connections, seconds, script, port);
  FILE* lines = popen(command.c_str(), "r");
  if (lines == nullptr) std::abort();
  char line[512];
  double rate = 0;
  while (fgets(line, sizeof(line), lines) != nullptr) {
    std::sscanf(line, "Requests/sec: %lf", &rate);
    if (std::string_view(line).find("Non-2xx") != std::string_view::npos) {
      std::fprintf(stderr, "refused requests: %s", line);
      std::exit(1);
    }
  }
  if (pclose(lines) != 0 || rate == 0) {
    std::fprintf(stderr, "wrk failed; is it installed (scripts/setup.sh)?\n");
    std::exit(1);
  }
  return rate;
}

// Nobody works on the tasks, so there will be more of them than a tenant may hold by default.
void lift_limit(const std::string& data, int port) {
  std::ifstream file(data + "/operator.key");
  std::string key;
  std::getline(file, key);
  HttpPipe pipe(port);
  const auto admin = string_member(
      pipe.call("POST", "/api/v1/auth/token", fmt::format(R"({{"apiKey":"{}"}})", key)).body,
      "token");
  const auto tenants = pipe.call("GET", "/api/v1/admin/tenants", "", admin).body;
  const auto path = "/api/v1/admin/tenants/" + string_member(tenants, "tenantId") + "/limits";
  const auto answer = pipe.call("PATCH", path, R"({"unfinishedMax":1000000000})", admin);
  if (answer.status != 200) {
    std::fprintf(stderr, "PATCH %s: %d %s\n", path.c_str(), answer.status, answer.body.c_str());
    std::exit(1);
  }
}

}  // namespace

int run(const std::string& binary, const std::string& folder, int seconds, int rounds) {
  std::filesystem::create_directories(folder);
  SchedulerProcess scheduler(binary, folder + "/scheduler");
  scheduler.start();
  const auto token = new_token(scheduler.port(), "bench");
  lift_limit(folder + "/scheduler", scheduler.port());
  const auto script = write_script(folder, token);
  const Prototype durable(Answers::after_commit, folder + "/prototype");
  const Prototype bare(Answers::at_once, folder + "/bare");
  for (const auto& bar : kBars) {
    std::vector<double> ours, prototype, parse_only, ratios;
    for (int round = 0; round < rounds; ++round) {
      ours.push_back(wrk(scheduler.port(), script, bar.connections, seconds));
      prototype.push_back(wrk(durable.port(), script, bar.connections, seconds));
      parse_only.push_back(wrk(bare.port(), script, bar.connections, seconds));
      ratios.push_back(ours.back() / prototype.back());
    }
    fmt::print(
        "POST /tasks, {:>3} connections: {:>6.0f}/s   prototype {:>6.0f}/s   ratio {:.2f}   parse "
        "and answer only {:>6.0f}/s   {}\n",
        bar.connections, median(ours), median(prototype), median(ratios), median(parse_only),
        bar.words[0] == '\0' ? "" : fmt::format("bar {}", bar.words));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace belfry::bench

int main(int argc, char** argv) {
  belfry::set_log_level(belfry::LogLevel::warn);
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_http SCHEDULER_BINARY FOLDER [seconds a round [rounds]]\n");
    return 2;
  }
  return belfry::bench::run(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 5,
                            argc > 4 ? std::atoi(argv[4]) : 5);
}
