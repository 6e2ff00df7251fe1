#include "scheduler_process.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "disk.hpp"

namespace belfry::bench {

SchedulerProcess::SchedulerProcess(std::string binary, std::filesystem::path folder)
    : binary_(std::move(binary)), folder_(std::move(folder)) {}

SchedulerProcess::~SchedulerProcess() {
  stop();
}

double SchedulerProcess::start() {
  const auto began = std::chrono::steady_clock::now();
  int out[2];
  if (pipe(out) != 0) throw std::runtime_error("no pipe to the scheduler");
  const auto parent = getpid();
  pid_ = fork();
  if (pid_ < 0) {
    pid_ = 0;
    throw std::runtime_error("no process for the scheduler");
  }
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it died before the line above
    if (core_ >= 0) {
      cpu_set_t core;
      CPU_ZERO(&core);
      CPU_SET(core_, &core);
      sched_setaffinity(0, sizeof core, &core);
    }
    dup2(out[1], STDOUT_FILENO);
    close(out[0]);
    execl(binary_.c_str(), binary_.c_str(), "--listen", "127.0.0.1:0", "--operators-listen", "off",
          "--data", folder_.c_str(), "--default-target", "echo", "--egress-allow", "127.0.0.0/8",
          "--log-level", "warn", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(out[1]);
  FILE* lines = fdopen(out[0], "r");
  char line[512];
  port_ = 0;
  while (port_ == 0 && fgets(line, sizeof(line), lines)) {
    std::sscanf(line, "listening on http://127.0.0.1:%d", &port_);
  }
  fclose(lines);
  if (port_ == 0) {
    stop();
    throw std::runtime_error(binary_ + " did not start");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void SchedulerProcess::stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

long SchedulerProcess::rss_kib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

long SchedulerProcess::disk_bytes() const {
  return store_bytes(folder_ / "belfry.db");
}

double SchedulerProcess::cpu_seconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  const auto stat = text.str();
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skip;
  long user = 0, system = 0;
  for (int i = 0; i < 11; ++i) fields >> skip;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace belfry::bench
