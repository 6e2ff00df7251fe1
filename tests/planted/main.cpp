// belfry-scheduler with a planted bug, for the kill loop's negative controls: the same binary, but
// its store lies. BELFRY_PLANT=ack_before_commit answers creations before they are in the database;
// BELFRY_PLANT=no_token_check takes any answer for the newest attempt's; BELFRY_PLANT=finish_twice
// lets some tasks end a second time.
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "planted_store.hpp"
#include "server/config.hpp"
#include "server/service.hpp"

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto result = belfry::server::read_config(
      argc, argv, [](const char* name) -> const char* { return std::getenv(name); });
  if (!result.config) return 2;
  belfry::set_log_level(result.config->log_level);
  const char* bug = std::getenv("BELFRY_PLANT");
  result.config->wrap_store = [bug](std::unique_ptr<belfry::store::Backend> store) {
    return belfry::planted::plant(std::move(store), bug != nullptr ? bug : "");
  };
  belfry::server::Service service(std::move(*result.config));
  std::printf("listening on %s\noperators on %s\n", service.url().c_str(),
              service.operators_url().c_str());
  std::fflush(stdout);
  std::thread([&service, signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    service.request_stop();
  }).detach();
  return service.wait();
}
