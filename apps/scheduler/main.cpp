// belfry-scheduler: the service. Reads its options, starts, and drains on SIGTERM or SIGINT.
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "http/descriptors.hpp"
#include "server/backup.hpp"
#include "server/config.hpp"
#include "server/data_folder.hpp"
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

const char* environment(const char* name) {
  return std::getenv(name);
}

// `backup DIR …` and `restore BACKUP …`; what follows are the server's own options.
int run_command(int argc, char** argv) {
  const std::string_view command = argv[1];
  const bool wants_help = argc < 3 || argv[2][0] == '-';
  std::vector<const char*> options{argv[0]};
  options.insert(options.end(), argv + (wants_help ? argc : 3), argv + argc);
  const auto result =
      belfry::server::read_config(static_cast<int>(options.size()), options.data(), environment);
  if (wants_help || !result.output.empty()) {
    const bool asked =
        !result.output.empty() || (argc > 2 && argv[2] == std::string_view("--help"));
    std::fputs(belfry::server::command_help(), asked ? stdout : stderr);
    return asked ? 0 : 2;
  }
  for (const auto& mistake : result.mistakes) std::fprintf(stderr, "%s\n", mistake.c_str());
  if (!result.config) return 2;
  try {
    if (command == "backup") {
      belfry::server::back_up(result.config->data, argv[2]);
    } else {
      belfry::server::restore(argv[2], result.config->data);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "belfry-scheduler %s: %s\n", argv[1], error.what());
    return 1;
  }
  return 0;
}

bool is_command(std::string_view word) {
  return word == "backup" || word == "restore";
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);  // what the service keeps is its own business
  set_process_limits();
  if (argc > 1 && is_command(argv[1])) return run_command(argc, argv);
  const auto signals = block_stop_signals();
  auto result = belfry::server::read_config(argc, argv, environment);
  if (!result.output.empty()) {
    std::fputs(result.output.c_str(), stdout);
    return 0;
  }
  for (const auto& warning : result.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (!result.config) {
    for (const auto& mistake : result.mistakes) std::fprintf(stderr, "%s\n", mistake.c_str());
    return 2;
  }
  belfry::set_log_level(result.config->log_level);
  try {
    belfry::server::check_descriptor_limit();
    return run(std::move(*result.config), signals);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "belfry-scheduler cannot start: %s\n", error.what());
    return 1;
  }
}
