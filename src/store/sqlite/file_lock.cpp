#include "store/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace belfry::store::sqlite {

namespace {

int open_file(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

int open_folder(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

}  // namespace

FileLock::FileLock(const std::string& path) {
  lock(open_folder(path), path, folder_);
  lock(open_file(path), path, file_);
}

void FileLock::lock(int descriptor, const std::string& path, Descriptor& into) {
  into.value = descriptor;
  if (descriptor < 0) {
    throw std::runtime_error(fmt::format("{}: cannot be opened: {}; mend that and start again",
                                         path, std::strerror(errno)));
  }
  // A command that looks whether a server runs holds the lock for an instant.
  constexpr int kTries = 5;
  constexpr std::chrono::milliseconds kBetween{20};
  int error = 0;
  for (int i = 0; i < kTries; ++i) {
    if (i > 0) std::this_thread::sleep_for(kBetween);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return;
    error = errno;
  }
  if (error == EWOULDBLOCK) {
    throw std::runtime_error(
        fmt::format("{}: another server uses this store (or a backup of the stopped store runs); "
                    "stop it first, or start with another --data folder",
                    path));
  }
  throw std::runtime_error(fmt::format("{}: cannot be locked: {}", path, std::strerror(error)));
}

FileLock::Descriptor::~Descriptor() {
  if (value >= 0) ::close(value);
}

void flush_folder_of(const std::string& path) {
  const int fd = open_folder(path);
  const bool flushed = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!flushed) {
    throw std::runtime_error(
        fmt::format("{}: its folder cannot be flushed: {}", path, std::strerror(error)));
  }
}

}  // namespace belfry::store::sqlite
