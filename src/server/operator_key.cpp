#include "server/operator_key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "auth/api_key.hpp"
#include "base/log.hpp"

namespace belfry::server {
namespace {

Error file_error(const std::string& path, std::string_view what) {
  return {ErrorCode::internal, fmt::format("{}: {}: {}", path, what, std::strerror(errno))};
}

Error unreadable(const std::string& path) {
  return {
      ErrorCode::internal,
      fmt::format("{}: cannot be read as a file of the user that runs Belfry (number {}); give "
                  "it to that user with chown and mode 0600, or remove it and start again for a "
                  "new key",
                  path, ::geteuid())};
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<std::string> read_key(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.fd() < 0) return fail(unreadable(path));
  struct stat facts{};
  if (::fstat(file.fd(), &facts) != 0) return fail(file_error(path, "cannot be read"));
  if (!S_ISREG(facts.st_mode)) return fail(unreadable(path));
  if ((facts.st_mode & 077) != 0) {
    return fail(ErrorCode::internal,
                fmt::format("{}: others may read it; chmod 600 it, and if somebody may have seen "
                            "it, remove it and start again for a new key",
                            path));
  }
  std::array<char, 256> buffer{};
  const auto got = ::read(file.fd(), buffer.data(), buffer.size());
  if (got < 0) return fail(file_error(path, "cannot be read"));
  std::string key(buffer.data(), static_cast<std::size_t>(got));
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  const auto kind = auth::check_format(key);
  if (!kind || *kind != auth::KeyKind::operator_) {
    return fail(
        ErrorCode::internal,
        fmt::format("{}: holds no operator key; remove it and start again for a new one", path));
  }
  return key;
}

Result<> write_key(const std::string& path, const Secret& key) {
  const auto temporary = path + ".new";
  ::unlink(temporary.c_str());
  const File file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.fd() < 0) return fail(file_error(temporary, "cannot be created"));
  const auto text = std::string(key.reveal()) + "\n";
  if (::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.fd()) != 0) {
    return fail(file_error(temporary, "cannot be written"));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return fail(file_error(path, "cannot be created"));
  }
  const auto folder = std::filesystem::path(path).parent_path();
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd() < 0 || ::fsync(directory.fd()) != 0) {
    return fail(file_error(folder, "cannot be flushed"));
  }
  return {};
}

}  // namespace

Result<std::string> load_or_create_operator_key(const std::string& path) {
  if (!std::filesystem::exists(std::filesystem::symlink_status(path))) {
    const auto store = std::filesystem::path(path).parent_path() / "belfry.db";
    if (std::filesystem::exists(store)) {
      log().warn(
          "operator.key is missing beside the store: a new operator's key is made, the old "
          "one is void; if you want the old one back, stop, restore it and start again");
    }
    const auto key = auth::generate_api_key(auth::KeyKind::operator_);
    if (const auto written = write_key(path, key); !written) return fail(written.error());
    log().info("operator credential created file={}", path);
  }
  const auto key = read_key(path);
  if (!key) return fail(key.error());
  return auth::hash_api_key(*key);
}

}  // namespace belfry::server
