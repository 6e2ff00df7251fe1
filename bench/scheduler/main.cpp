// End-to-end benchmarks of the real scheduler over real sockets, clients on the same machine.
// Beside each figure stands its limit: what a bare loop over the same library, without our logic,
// did in the same round. Medians of the rounds; a round is a fresh scheduler on an empty store.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "arguments.hpp"
#include "benchmarks.hpp"
#include "scratch_folder.hpp"

namespace belfry::bench {
namespace {

using Benchmark = std::vector<Figure> (*)(const Round&);
constexpr std::pair<const char*, Benchmark> kAll[] = {
    {"push", bench_push},         {"pull", bench_pull},   {"latency", bench_latency},
    {"lateness", bench_lateness}, {"burst", bench_burst}, {"million", bench_million}};

std::vector<Figure> one_round(const Arguments& arguments, Benchmark bench) {
  const ScratchFolder scratch(arguments.words[1]);
  SchedulerProcess scheduler(arguments.words[0], scratch.path() / "scheduler");
  const double started_in = scheduler.start();
  return bench({scheduler, scratch.path(), started_in, arguments.quick});
}

bool run(const Arguments& arguments) {
  const std::vector<std::string> wanted(arguments.words.begin() + 2, arguments.words.end());
  for (const auto& name : wanted) {
    if (std::ranges::none_of(kAll, [&](const auto& known) { return known.first == name; })) {
      throw std::runtime_error("there is no benchmark " + name);
    }
  }
  bool held = true;
  for (const auto& [name, bench] : kAll) {
    if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
    std::vector<std::vector<Figure>> rounds;
    for (int i = 0; i < arguments.rounds; ++i) rounds.push_back(one_round(arguments, bench));
    held = print(summarise(rounds)) && held;
  }
  return held;
}

}  // namespace
}  // namespace belfry::bench

int main(int argc, char** argv) {
  return belfry::bench::run_main(
      argc, argv,
      "bench_scheduler SCHEDULER_BINARY FOLDER [--rounds N] [--strict] [--quick] [BENCHMARK…]\n"
      "benchmarks: push pull latency lateness burst million",
      2, belfry::bench::run);
}
