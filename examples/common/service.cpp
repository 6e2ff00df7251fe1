#include "service.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <thread>

#include "belfry/credentials.hpp"

namespace example {
namespace {

namespace client = belfry::client;
constexpr std::chrono::seconds kRegistrationRound{2};
constexpr std::chrono::seconds kRound{2};
constexpr int kRoundsBetweenChecks = 15;

[[noreturn]] void file_failure(const std::string& path) {
  throw std::runtime_error("cannot write " + path);
}

void complain(const Program& program, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", program.name.c_str(), what.c_str());
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Before any thread starts: the signals are then taken by wait_for_stop alone.
void block_stop_signals() {
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

// The process holds its API key: no core file has it, and no other process of the same user may
// read it from this one's memory.
void keep_memory_private() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void wait_for_stop() {
  const auto signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);
}

// Waits for the scheduler as long as nobody asks to stop.
client::Result<client::Credentials> credentials_of(const Flags& flags, const std::string& tenant,
                                                   const std::stop_token& stop) {
  if (!flags.api_key.empty()) return client::Credentials{"", flags.api_key, flags.webhook_secret};
  for (;;) {
    auto got = client::ensure_registered(flags.scheduler, tenant, flags.data + "/credentials.json",
                                         kRegistrationRound);
    if (got || is_refusal(got.error()) || stop.stop_requested()) return got;
  }
}

client::Result<client::Client> connect(const Flags& flags, const client::Credentials& credentials,
                                       client::Receiver& receiver) {
  const auto secrets = receiver.set_secrets({credentials.webhook_secret});
  if (!secrets) return std::unexpected(secrets.error());
  client::ClientOptions options;
  options.url = flags.scheduler;
  options.api_key = credentials.api_key;
  return client::Client::make(std::move(options));
}

void go_rounds(const Program& program, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  for (int number = 0; !stop.stop_requested(); ++number) {
    try {
      program.round(number % kRoundsBetweenChecks == 0);
    } catch (const std::exception& error) {
      complain(program, error.what());  // a full disk, say: the next round may go better
    }
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, kRound, [] { return false; });
  }
}

// False if the scheduler refuses the account.
bool work(Service& service, const Program& program, client::Receiver& receiver,
          std::unique_ptr<client::Client>& scheduler, const std::stop_token& stop) {
  const auto credentials = credentials_of(service.flags, program.tenant, stop);
  if (!credentials) {
    if (stop.stop_requested()) return true;
    complain(program,
             "cannot register at " + service.flags.scheduler + ": " + text_of(credentials.error()));
    return false;
  }
  auto made = connect(service.flags, *credentials, receiver);
  if (!made) {
    complain(program, "cannot use the account: " + text_of(made.error()));
    return false;
  }
  scheduler = std::make_unique<client::Client>(std::move(*made));
  const std::stop_callback close(stop, [&scheduler] { scheduler->close(); });
  service.scheduler = scheduler.get();
  go_rounds(program, stop);
  return true;
}

}  // namespace

std::string fresh_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[device() & 15u];
  return id;
}

bool is_id(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_task_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

void write_file(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  // A name of its own, since two threads may write the same file.
  const auto draft = path + "." + fresh_id() + ".new";
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) file_failure(path);
  bool good = true;
  while (good && !text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    good = count > 0;
    if (good) text.remove_prefix(static_cast<std::size_t>(count));
  }
  good = good && ::fsync(fd) == 0;
  ::close(fd);
  if (!good || ::rename(draft.c_str(), path.c_str()) != 0) {
    ::unlink(draft.c_str());
    file_failure(path);
  }
}

bool is_refusal(const client::ClientError& error) {
  if (error.status == 0) {
    return error.type == "urn:belfry:client:usage" || error.type == "urn:belfry:client:file";
  }
  const bool busy = error.status == 408 || error.status == 429 || error.status >= 500;
  return !busy && error.type != "urn:belfry:problem:idempotency_in_progress";
}

std::string text_of(const client::ClientError& error) {
  auto text = error.detail;
  for (const auto& fault : error.errors) text += "; " + fault.pointer + ": " + fault.detail;
  if (error.status == 401) text += " (does DATA/credentials.json belong to this scheduler?)";
  return text;
}

int run(Service& service, const Program& program) {
  block_stop_signals();
  keep_memory_private();
  auto& flags = service.flags;
  client::ReceiverOptions options;
  options.address = flags.address;
  options.port = flags.port;
  options.allowed_hosts = flags.allowed_hosts;
  auto receiver = client::Receiver::make(options);
  if (!receiver) {
    complain(program, receiver.error().detail);
    return 1;
  }
  const auto url = "http://" + flags.address + ":" + std::to_string(receiver->port());
  if (flags.public_url.empty()) flags.public_url = url;
  program.add_routes(*receiver);
  receiver->route("GET", "/readyz", [&service](const client::Request&) {
    if (service.scheduler.load() != nullptr) return client::Response::text(200, "text/plain", "ok");
    return client::Response::problem(503, "no account at the scheduler yet");
  });
  if (const auto started = receiver->start(); !started) {
    complain(program, started.error().detail);
    return 1;
  }
  std::printf("listening on %s\n", url.c_str());
  std::fflush(stdout);
  std::unique_ptr<client::Client> scheduler;
  std::atomic<bool> refused{false};
  std::jthread worker([&](const std::stop_token& stop) {
    if (work(service, program, *receiver, scheduler, stop)) return;
    refused = true;
    ::kill(::getpid(), SIGTERM);
  });
  wait_for_stop();
  worker.request_stop();
  worker.join();
  receiver->stop();
  return refused ? 1 : 0;
}

}  // namespace example
