#include "server/backup_requests.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/log.hpp"

namespace belfry::server {
namespace {

using store::CopyProgress;

constexpr auto kNewsEvery = std::chrono::milliseconds{250};
constexpr auto kRefusedPause = std::chrono::milliseconds{50};

}  // namespace

void BackupFiles::replace(const std::string& name, const std::string& text) const {
  const auto path = folder_ + "/" + name, draft = path + ".new";
  {
    std::ofstream file(draft, std::ios::trunc | std::ios::binary);
    file << text;
    file.close();
    if (!file) throw std::runtime_error(fmt::format("{}: cannot be written; free space", draft));
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) {
    throw std::runtime_error(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  }
}

std::string BackupFiles::read(const std::string& name) const {
  std::ifstream file(folder_ + "/" + name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void BackupFiles::write(const BackupRequest& request) const {
  replace("backup.request", fmt::format("{}\n{}\n", request.id, request.file));
}

void BackupFiles::write(const BackupStatus& status) const {
  replace("backup.status",
          fmt::format("{} {} {} {} {}\n", status.id, static_cast<int>(status.state), status.copied,
                      status.pages, status.failure));
}

BackupRequest BackupFiles::take_request() const {
  const auto path = folder_ + "/backup.request";
  if (::access(path.c_str(), F_OK) != 0) return {};
  std::stringstream text(read("backup.request"));
  ::unlink(path.c_str());
  BackupRequest request;
  std::getline(text, request.id);
  std::getline(text, request.file);
  return request.file.starts_with('/') ? request : BackupRequest{};
}

BackupStatus BackupFiles::status() const {
  std::stringstream text(read("backup.status"));
  BackupStatus status;
  int state = 0;
  if (!(text >> status.id >> state >> status.copied >> status.pages)) return {};
  status.state = static_cast<BackupStatus::State>(state);
  std::getline(text >> std::ws, status.failure);
  return status;
}

bool BackupFiles::command_waits() const {
  const int fd = ::open(lock_file().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return held;
}

void BackupFiles::clear() const {
  for (const auto* name : {"/backup.request", "/backup.status"}) {
    ::unlink((folder_ + name).c_str());
  }
}

BackupRequests::BackupRequests(const std::string& folder, store::Backend& backend,
                               store::Gateway& gateway, std::function<bool()> stopping)
    : files_(folder), backend_(backend), gateway_(gateway), stopping_(std::move(stopping)) {}

void BackupRequests::round() {
  const auto request = files_.take_request();
  if (request.id.empty() || !files_.command_waits()) return;
  BackupStatus last;
  last.id = request.id;
  last.state = BackupStatus::State::failed;
  try {
    log().info("backup begins file=\"{}\"", request.file);
    copy(request);
    log().info("backup copied file=\"{}\"", request.file);
    last.state = BackupStatus::State::copied;
  } catch (const std::exception& failure) {
    log().warn("backup failed reason=\"{}\"", failure.what());
    last.failure = failure.what();
  }
  try {
    files_.write(last);
  } catch (const std::exception& failure) {
    log().warn("backup: its command cannot be told: {}", failure.what());
  }
}

void BackupRequests::copy(const BackupRequest& request) {
  const auto copy = backend_.copy_to(request.file);
  if (!copy) throw std::runtime_error("another copy is being made, or this store makes none");
  try {
    follow(request, *copy);
  } catch (...) {
    copy->abandon();
    static_cast<void>(gateway_.transact_blocking([](store::Transaction&) { return Result<>(); },
                                                 store::Purpose::upkeep));
    throw;
  }
}

// An empty transaction moves the copy on; what others write in the meantime does so too.
void BackupRequests::follow(const BackupRequest& request, store::Copy& copy) {
  auto next_news = std::chrono::steady_clock::now();
  for (;;) {
    const auto moved = gateway_.transact_blocking([](store::Transaction&) { return Result<>(); },
                                                  store::Purpose::upkeep);
    const auto progress = copy.progress();
    if (progress.ended) {
      if (!progress.failure.empty()) throw std::runtime_error(progress.failure);
      return;
    }
    if (gateway_.broken()) throw std::runtime_error("the store has failed");
    if (stopping_()) throw std::runtime_error("the server stops; start the backup again");
    if (!moved) std::this_thread::sleep_for(kRefusedPause);
    if (std::chrono::steady_clock::now() < next_news) continue;
    if (!files_.command_waits()) throw std::runtime_error("the command that asked for it has gone");
    files_.write(BackupStatus{.id = request.id,
                              .state = BackupStatus::State::copying,
                              .copied = progress.copied,
                              .pages = progress.pages,
                              .failure = ""});
    next_news = std::chrono::steady_clock::now() + kNewsEvery;
  }
}

}  // namespace belfry::server
