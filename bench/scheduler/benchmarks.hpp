#pragma once

#include <filesystem>
#include <vector>

#include "figures.hpp"
#include "scheduler_process.hpp"

namespace belfry::bench {

// One round of one benchmark: a scheduler that has just started on an empty store.
struct Round {
  SchedulerProcess& scheduler;
  std::filesystem::path scratch;  // for stores of its own, removed after the round
  double started_in = 0;          // seconds, with the empty store
  bool quick = false;             // a hundredth of the tasks
};

std::vector<Figure> bench_push(const Round& round);
std::vector<Figure> bench_pull(const Round& round);
std::vector<Figure> bench_latency(const Round& round);
std::vector<Figure> bench_lateness(const Round& round);
std::vector<Figure> bench_burst(const Round& round);
std::vector<Figure> bench_million(const Round& round);

}  // namespace belfry::bench
