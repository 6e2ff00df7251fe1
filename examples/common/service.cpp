#include "service.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

#include "belfry/credentials.hpp"

namespace example {
namespace {

namespace client = belfry::client;
constexpr std::chrono::seconds kRegistrationRound{2};

void from_environment(const char* name, std::string& into) {
  if (const char* value = std::getenv(name)) into = value;
}

[[noreturn]] void end_with_help(std::string_view program, int status) {
  std::fprintf(
      status == 0 ? stdout : stderr,
      "usage: %s [--listen ADDRESS:PORT] [--data FOLDER] [--scheduler URL]\n"
      "       [--public-url URL] [--api-key KEY --webhook-secret SECRET] [--smtp-url URL]\n",
      std::string(program).c_str());
  std::exit(status);
}

bool read_listen(const std::string& text, Flags& flags) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  flags.address = text.substr(0, colon);
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, flags.port);
  return read.ec == std::errc{} && read.ptr == end;
}

[[noreturn]] void file_failure(const std::string& path) {
  throw std::runtime_error("cannot write " + path);
}

}  // namespace

Flags read_flags(int argc, char** argv, std::string_view program, Flags flags) {
  from_environment("SCHEDULER_URL", flags.scheduler);
  from_environment("BELFRY_API_KEY", flags.api_key);
  from_environment("BELFRY_WEBHOOK_SECRET", flags.webhook_secret);
  from_environment("SMTP_URL", flags.smtp_url);
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--help") end_with_help(program, 0);
    if (++i == argc) end_with_help(program, 2);
    const std::string value = argv[i];
    if (flag == "--listen") {
      if (!read_listen(value, flags)) end_with_help(program, 2);
    } else if (flag == "--data") {
      flags.data = value;
    } else if (flag == "--scheduler") {
      flags.scheduler = value;
    } else if (flag == "--public-url") {
      flags.public_url = value;
    } else if (flag == "--api-key") {
      flags.api_key = value;
    } else if (flag == "--webhook-secret") {
      flags.webhook_secret = value;
    } else if (flag == "--smtp-url") {
      flags.smtp_url = value;
    } else {
      end_with_help(program, 2);
    }
  }
  return flags;
}

std::string fresh_id() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[device() & 15u];
  return id;
}

bool is_id(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
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

std::optional<client::Client> connect(const Flags& flags, const std::string& tenant,
                                      client::Receiver& receiver, const std::stop_token& stop) {
  client::Credentials credentials{"", flags.api_key, flags.webhook_secret};
  while (credentials.api_key.empty()) {
    if (stop.stop_requested()) return std::nullopt;
    auto got = client::ensure_registered(flags.scheduler, tenant, flags.data + "/credentials.json",
                                         kRegistrationRound);
    if (got) {
      credentials = std::move(*got);
    } else if (got.error().type != "urn:belfry:client:unreachable" && got.error().status != 503 &&
               got.error().status != 429) {
      std::fprintf(stderr, "cannot register: %s\n", got.error().detail.c_str());
      return std::nullopt;
    }
  }
  client::ClientOptions options;
  options.url = flags.scheduler;
  options.api_key = credentials.api_key;
  auto made = client::Client::make(std::move(options));
  const auto secrets = receiver.set_secrets({credentials.webhook_secret});
  if (made && secrets) return std::move(*made);
  std::fprintf(stderr, "cannot use the account: %s\n",
               (made ? secrets.error() : made.error()).detail.c_str());
  return std::nullopt;
}

namespace {
sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}
}  // namespace

void block_stop_signals() {
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_stop() {
  const auto signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace example
