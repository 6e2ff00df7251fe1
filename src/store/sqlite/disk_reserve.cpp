#include "store/sqlite/disk_reserve.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "base/log.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::chrono::seconds kLookEvery{1};
// What opening a database takes: its log's index, and the first pages of the log.
constexpr std::int64_t kRoomToOpen = 256 * 1024;

}  // namespace

DiskReserve::DiskReserve(std::string path, std::int64_t bytes)
    : path_(std::move(path)), bytes_(bytes) {
  if (!take() || free_bytes() < kRoomToOpen) give_up();
}

bool DiskReserve::take() {
  const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool taken = ::posix_fallocate(fd, 0, bytes_) == 0;
  ::close(fd);
  if (!taken) ::unlink(path_.c_str());
  return taken;
}

void DiskReserve::give_up() {
  if (!full_) log().error("the disk is full: creations are refused until space returns");
  full_ = true;
  looked_at_ = std::chrono::steady_clock::now();
  ::unlink(path_.c_str());
}

std::int64_t DiskReserve::free_bytes() const {
  struct statvfs facts{};
  const auto folder = std::filesystem::path(path_).parent_path();
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &facts) != 0) return 0;
  return static_cast<std::int64_t>(facts.f_bavail) * static_cast<std::int64_t>(facts.f_frsize);
}

bool DiskReserve::full() {
  if (!full_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_at_ < kLookEvery) return true;
  looked_at_ = now;
  if (free_bytes() < 2 * bytes_ || !take()) return true;
  log().info("space has returned: creations are taken again");
  full_ = false;
  return false;
}

}  // namespace belfry::store::sqlite
