// belfry-dashboard: the page for people. Reads its options, serves, and ends on SIGTERM or SIGINT.
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/log.hpp"
#include "dashboard/config.hpp"
#include "dashboard/service.hpp"
#include "http/descriptors.hpp"

int main(int argc, char** argv) {
  // Signals are taken here, by waiting. A core file would hold keys, and another process of the
  // same user could read them from the memory of one that may be traced.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  belfry::http::raise_descriptor_limit();
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

  auto read = belfry::dashboard::read_config(
      argc, argv, [](const char* name) -> const char* { return std::getenv(name); });
  if (!read.output.empty()) {
    std::fputs(read.output.c_str(), stdout);
    return 0;
  }
  if (!read.config) {
    for (const auto& mistake : read.mistakes) std::fprintf(stderr, "%s\n", mistake.c_str());
    return 2;
  }
  belfry::set_log_level(read.config->log_level);
  try {
    belfry::dashboard::Service service(std::move(*read.config));
    std::printf("listening on %s\n", service.url().c_str());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
    service.stop();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "belfry-dashboard cannot start: %s\n", error.what());
    return 1;
  }
}
