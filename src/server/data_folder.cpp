#include "server/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "base/log.hpp"

namespace belfry::server {
namespace {

constexpr std::string_view kSqliteHeader{"SQLite format 3\0", 16};
// Stands in the folder during its first start, in which a part may be missing without a loss.
constexpr std::string_view kMarker = "/belfry.first-start";
constexpr std::string_view kRestored = "/belfry.restored";
constexpr std::string_view kPaused = "/belfry.paused";
// Store, listeners, loops and the first few connections.
constexpr rlim_t kDescriptorsMin = 128;

template <class... Parts>
[[noreturn]] void refuse(fmt::format_string<Parts...> form, Parts&&... parts) {
  throw std::runtime_error(fmt::format(form, std::forward<Parts>(parts)...));
}

std::string user_name(uid_t uid) {
  const auto* entry = ::getpwuid(uid);
  return entry != nullptr ? fmt::format("{} ({})", entry->pw_name, uid) : fmt::format("{}", uid);
}

std::optional<struct stat> look(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) == 0) return facts;
  if (errno == ENOENT) return std::nullopt;
  refuse("{}: cannot be looked at: {}; mend that and start again", path, std::strerror(errno));
}

long size_of(const std::string& path) {
  const auto facts = look(path);
  return facts ? static_cast<long>(facts->st_size) : 0;
}

void refuse_access(const std::string& path, int error) {
  const auto facts = look(path);
  if (error == EROFS) {
    refuse(
        "{}: lies on a read-only file system; mount it read-write, or name another folder with "
        "--data",
        path);
  }
  refuse("{}: belongs to {} and user {} may not read and write it; run: chown -R {} {}", path,
         user_name(facts ? facts->st_uid : 0), user_name(::geteuid()), ::geteuid(), path);
}

void check_file(const std::string& path) {
  const auto facts = look(path);
  if (!facts) return;
  if (!S_ISREG(facts->st_mode)) {
    refuse("{}: is not a file; move it away, or name another folder with --data", path);
  }
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) != 0) {
    refuse_access(path, errno);
  }
}

void check_header(const std::string& path) {
  std::array<char, kSqliteHeader.size()> head{};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto got = fd < 0 ? -1 : ::pread(fd, head.data(), head.size(), 0);
  if (fd >= 0) ::close(fd);
  if (got < 0) refuse("{}: cannot be read: {}; mend the disk", path, std::strerror(errno));
  if (std::string_view(head.data(), static_cast<std::size_t>(got)) == kSqliteHeader) return;
  refuse(
      "{}: is not a database: if it belongs to another program, name another folder with --data; "
      "if it was Belfry's, it is damaged: move the whole folder away and run: belfry-scheduler "
      "restore BACKUP --data {}",
      path, std::filesystem::path(path).parent_path().string());
}

void flush_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!flushed) refuse("{}: cannot be flushed: {}; mend the disk", path, std::strerror(error));
}

void put_marker(const std::string& folder, std::string_view name) {
  const auto path = folder + std::string(name);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    refuse("{}: cannot be created: {}; free space or mend the folder", path, std::strerror(errno));
  }
  ::close(fd);
  flush_folder(folder);
}

void take_marker(const std::string& folder, std::string_view name) {
  if (::unlink((folder + std::string(name)).c_str()) == 0) flush_folder(folder);
}

// The store is gone but something beside it is left.
void refuse_lost_store(const std::string& folder, std::string_view what, std::string_view beside) {
  refuse(
      "{}/belfry.db {} beside {}: somebody moved, emptied or removed it, or the folder was "
      "copied in part; nothing was touched: put it back, or move the whole folder away and run: "
      "belfry-scheduler restore BACKUP --data {} (for a new, empty store, name an empty folder)",
      folder, what, beside, folder);
}

}  // namespace

DataFolder::DataFolder(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  make();
  check_access();
  if (!has_begun()) return;
  put_marker(path_, kMarker);
  log().info("new store folder={}", path_);
}

void DataFolder::make() const {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path_, error);
  if (made) std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  const auto facts = look(path_);
  if (facts && !S_ISDIR(facts->st_mode)) {
    refuse("--data {}: is not a folder; name a folder, or move that file away", path_);
  }
  if (error || !facts) {
    refuse(
        "--data {}: cannot be created: {}; create it for the user that runs Belfry, or name "
        "another folder",
        path_, error.message());
  }
}

void DataFolder::check_access() const {
  struct statvfs system{};
  if (::statvfs(path_.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0) {
    refuse_access(path_, EROFS);
  }
  if (::faccessat(AT_FDCWD, path_.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    refuse_access(path_, errno);
  }
}

bool DataFolder::has_begun() const {
  const auto store = path_ + "/belfry.db", key = path_ + "/master.key";
  for (const auto* suffix : {"", "-wal", "-shm", ".lock", ".reserve"}) check_file(store + suffix);
  if (look(path_ + std::string(kMarker))) return true;
  if (look(store + ".partial")) {
    refuse(
        "{}: a restore into this folder did not end; remove what is in it and run: "
        "belfry-scheduler restore BACKUP --data {}",
        path_, path_);
  }
  const auto bytes = size_of(store);
  if (bytes > 0) {
    check_header(store);
    if (look(key)) return false;
    refuse(
        "{}: is missing beside belfry.db, whose secrets only it opens; put it back from a "
        "backup, with mode 0600",
        key);
  }
  const std::string_view what = look(store) ? "is empty" : "is missing";
  if (size_of(store + "-wal") > 0) {
    refuse_lost_store(path_, what, "its write-ahead log (belfry.db-wal), which holds tasks");
  }
  if (look(key)) refuse_lost_store(path_, what, "master.key");
  return true;
}

void DataFolder::complete() const {
  take_marker(path_, kMarker);
  take_marker(path_, kRestored);
}

bool DataFolder::restored() const {
  return look(path_ + std::string(kRestored)).has_value();
}

bool DataFolder::paused() const {
  return look(path_ + std::string(kPaused)).has_value();
}

void DataFolder::pause() const {
  put_marker(path_, kPaused);
}

void DataFolder::resume() const {
  take_marker(path_, kPaused);
}

void mark_restored(const std::string& folder) {
  put_marker(folder, kRestored);
}

StoreFiles::StoreFiles(const std::string& folder) {
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    const auto path = folder + "/belfry.db" + suffix;
    if (const auto facts = look(path)) {
      files_.push_back(
          {path, {facts->st_dev, facts->st_ino}, *suffix == '\0' ? facts->st_size : 0});
    }
  }
}

std::string StoreFiles::trouble() {
  constexpr std::string_view kWayOut =
      "while the server ran; put the file back where it was, or move the whole folder away and "
      "restore a backup, then start again";
  for (auto& file : files_) {
    struct stat facts{};
    if (::stat(file.path.c_str(), &facts) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) {
        return fmt::format("{} was moved or removed {}", file.path, kWayOut);
      }
      return fmt::format("{} cannot be looked at: {}", file.path, std::strerror(errno));
    }
    if (std::pair(facts.st_dev, facts.st_ino) != file.identity) {
      return fmt::format("{} was replaced by another file {}", file.path, kWayOut);
    }
    if (facts.st_size < file.size) {
      return fmt::format("{} was cut short {}", file.path, kWayOut);
    }
    if (file.size > 0) file.size = facts.st_size;
  }
  return "";
}

void check_descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kDescriptorsMin) return;
  refuse(
      "this process may open {} files (RLIMIT_NOFILE) but needs at least {}, and one more for "
      "each connection: raise the limit, with `ulimit -n 65536` in the shell that starts it or "
      "LimitNOFILE=65536 in its systemd unit",
      files.rlim_cur, kDescriptorsMin);
}

}  // namespace belfry::server
