#include "store/sqlite/disk_reserve.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "base/log.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

}  // namespace

DiskReserve::DiskReserve(std::string path, std::int64_t bytes)
    : path_(std::move(path)), bytes_(bytes) {
  if (!take()) log().warn("no room for the reserve of {} bytes beside the store", bytes_);
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

bool DiskReserve::enough_free() const {
  struct statvfs facts{};
  const auto folder = std::filesystem::path(path_).parent_path();
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &facts) != 0) return false;
  const auto free =
      static_cast<std::int64_t>(facts.f_bavail) * static_cast<std::int64_t>(facts.f_frsize);
  return free >= 2 * bytes_;
}

bool DiskReserve::full() {
  if (!full_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_at_ < kLookEvery) return true;
  looked_at_ = now;
  if (!enough_free() || !take()) return true;
  log().info("space has returned: creations are taken again");
  full_ = false;
  return false;
}

}  // namespace belfry::store::sqlite
