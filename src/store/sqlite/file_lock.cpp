#include "store/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace belfry::store::sqlite {

FileLock::FileLock(const std::string& path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) {
    throw std::runtime_error(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
  }
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(fd_);
  if (error == EWOULDBLOCK) {
    throw std::runtime_error(fmt::format(
        "{}: another server uses this store; stop it first, or start with another --data folder",
        path));
  }
  throw std::runtime_error(fmt::format("{}: cannot be locked: {}", path, std::strerror(error)));
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

void flush_folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!flushed) {
    throw std::runtime_error(
        fmt::format("{}: its folder cannot be flushed: {}", path, std::strerror(error)));
  }
}

}  // namespace belfry::store::sqlite
