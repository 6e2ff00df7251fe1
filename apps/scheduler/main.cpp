// belfry-scheduler: the service. Reads its options, starts, and drains on SIGTERM or SIGINT.
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/log.hpp"
#include "http/descriptors.hpp"
#include "server/config.hpp"
#include "server/service.hpp"

namespace {

// Signals are taken by one waiting thread, so that no handler runs inside anybody's code.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Connections and pushes need descriptors, thousands at once. A core file would hold secrets, and
// another process of the same user could read them from the memory of one that may be traced.
void set_process_limits() {
  belfry::http::raise_descriptor_limit();
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int run(belfry::server::Config config, const sigset_t& signals) {
  belfry::server::Service service(std::move(config));
  std::printf("listening on %s\n", service.url().c_str());
  if (const auto url = service.operators_url(); !url.empty()) {
    std::printf("operators on %s\n", url.c_str());
  }
  std::fflush(stdout);
  std::jthread waiter([&service, signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    service.request_stop();
  });
  const int status = service.wait();
  // The waiter may still sit in sigwait when the store ended the service.
  pthread_kill(waiter.native_handle(), SIGTERM);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);  // what the service keeps is its own business
  set_process_limits();
  const auto signals = block_stop_signals();
  auto result = belfry::server::read_config(
      argc, argv, [](const char* name) -> const char* { return std::getenv(name); });
  if (!result.output.empty()) {
    std::fputs(result.output.c_str(), stdout);
    return 0;
  }
  if (!result.config) {
    for (const auto& mistake : result.mistakes) std::fprintf(stderr, "%s\n", mistake.c_str());
    return 2;
  }
  belfry::set_log_level(result.config->log_level);
  try {
    return run(std::move(*result.config), signals);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "belfry-scheduler cannot start: %s\n", error.what());
    return 1;
  }
}
