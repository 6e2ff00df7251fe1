// `POST /api/v1/tasks` under wrk, one task a request, durable before the answer: the scheduler, a
// bare prototype (Beast, gateway and SQLite without token and validation) and a Beast server that
// only parses and answers, in turn within one run. Medians, and ratios to each.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "arguments.hpp"
#include "bare_store.hpp"
#include "figures.hpp"
#include "http_pipe.hpp"
#include "prototype.hpp"
#include "scheduler_process.hpp"
#include "scratch_folder.hpp"

namespace belfry::bench {
namespace {

struct Load {
  int connections;
  Bars bars;
};
const Load kLoads[] = {
    {16, {.at_least = 14'000}}, {64, {.at_least = 22'000, .ratio_at_least = 0.8}}, {256, {}}};

// A task of about 200 bytes of payload for a queue that nobody works on.
std::string write_script(const std::filesystem::path& folder, const std::string& token) {
  const auto path = folder / "post.lua";
  std::ofstream out(path);
  out << "wrk.method = 'POST'\n"
      << "wrk.headers['Content-Type'] = 'application/json'\n"
      << "wrk.headers['Authorization'] = 'Bearer " << token << "'\n"
      << R"(wrk.body = '{"taskName":"bench","target":{"type":"worker"},"payload":)" << payload_200()
      << "}'\n";
  return path;
}

// Requests a second; ends the run if any answer was not a 201.
double wrk(int port, const std::string& script, int connections, int seconds) {
  const auto command = fmt::format("wrk -t2 -c{} -d{}s -s {} http://127.0.0.1:{}/api/v1/tasks 2>&1",
                                   connections, seconds, script, port);
  FILE* lines = popen(command.c_str(), "r");
  if (lines == nullptr) throw std::runtime_error("wrk cannot be run");
  char line[512];
  double rate = 0;
  std::string refused;
  while (fgets(line, sizeof(line), lines) != nullptr) {
    std::sscanf(line, "Requests/sec: %lf", &rate);
    if (std::string_view(line).contains("Non-2xx")) refused = line;
  }
  if (pclose(lines) != 0 || rate == 0) {
    throw std::runtime_error("wrk failed; is it installed (scripts/setup.sh)?");
  }
  if (!refused.empty()) throw std::runtime_error("refused requests: " + refused);
  return rate;
}

// The three in turn, so that what else the machine does falls on all.
std::vector<Figure> round(const Load& load, const std::string& script, int seconds, int scheduler,
                          int prototype, int bare) {
  const auto rate = [&](int port) { return wrk(port, script, load.connections, seconds); };
  const auto name = fmt::format("POST /tasks, {} connections", load.connections);
  const double ours = rate(scheduler), durable = rate(prototype);
  return {{.name = name,
           .unit = "/s",
           .seen = ours,
           .limit = durable,
           .limit_of = "prototype",
           .bars = load.bars},
          {.name = name,
           .unit = "/s",
           .seen = ours,
           .limit = rate(bare),
           .limit_of = "parse and answer only"}};
}

}  // namespace

bool run(const Arguments& arguments) {
  const ScratchFolder scratch(arguments.words[1]);
  const auto data = scratch.path() / "scheduler";
  SchedulerProcess scheduler(arguments.words[0], data);
  scheduler.start();
  const auto token = new_token(scheduler.port(), "bench");
  // A tenant may hold fewer tasks and ask less often by default.
  lift_limits(data, scheduler.port());
  const auto script = write_script(scratch.path(), token);
  const Prototype durable(Answers::after_commit, scratch.path() / "prototype");
  const Prototype bare(Answers::at_once, scratch.path() / "bare");
  bool held = true;
  for (const auto& load : kLoads) {
    std::vector<std::vector<Figure>> rounds;
    for (int i = 0; i < arguments.rounds; ++i) {
      rounds.push_back(round(load, script, arguments.quick ? 1 : 5, scheduler.port(),
                             durable.port(), bare.port()));
    }
    held = print(summarise(rounds)) && held;
    if (arguments.quick) break;
  }
  return held;
}

}  // namespace belfry::bench

int main(int argc, char** argv) {
  return belfry::bench::run_main(
      argc, argv, "bench_http SCHEDULER_BINARY FOLDER [--rounds N] [--strict] [--quick]", 2,
      belfry::bench::run);
}
