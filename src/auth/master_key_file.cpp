#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "auth/sealed_box.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"

namespace belfry::auth {
namespace {

constexpr std::size_t kTextMax = 128;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::unexpected<Error> fail_with_errno(std::string_view what, std::string_view path) {
  const std::string_view way_out = errno == EACCES || errno == ELOOP
                                       ? "make it a file of the user that runs Belfry, mode 0600"
                                   : errno == ENOSPC || errno == EDQUOT ? "free space"
                                                                        : "mend the disk";
  return fail(ErrorCode::internal, fmt::format("cannot {} the master key file {}: {}; {} and start "
                                               "again",
                                               what, path, std::strerror(errno), way_out));
}

Result<Secret> read_key(const File& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_with_errno("inspect", path);
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() ||
      (status.st_mode & 07777) != 0600) {
    return fail(ErrorCode::internal,
                fmt::format("the master key file {} must be a file of the user that runs Belfry, "
                            "with mode 0600; run: chown {} {} && chmod 600 {}",
                            path, ::geteuid(), path, path));
  }
  std::string text(kTextMax, '\0');
  const auto got = ::read(file.get(), text.data(), text.size());
  if (got < 0) return fail_with_errno("read", path);
  text.resize(static_cast<std::size_t>(got));
  if (text.ends_with('\n')) text.pop_back();
  const Secret wiped_text(text);
  auto bytes = base64_decode(text);
  ::explicit_bzero(text.data(), text.size());
  if (!bytes || bytes->size() != SealedBox::kKeyBytes) {
    return fail(ErrorCode::internal,
                fmt::format("the master key file {} must hold the base64 of 32 bytes; restore it "
                            "from a backup: without it the sealed secrets are lost",
                            path));
  }
  return Secret(*std::move(bytes));
}

Result<> write_durably(const std::string& path, const Secret& text) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail_with_errno("create", path);
  // The process's umask may have taken bits away.
  if (::fchmod(file.get(), 0600) != 0) return fail_with_errno("protect", path);
  const auto bytes = text.reveal();
  if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return fail_with_errno("write", path);
  }
  if (::fsync(file.get()) != 0) return fail_with_errno("flush", path);
  return {};
}

Result<> flush_directory_of(const std::string& path) {
  auto parent = std::filesystem::path(path).parent_path();
  if (parent.empty()) parent = ".";
  const File directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    return fail_with_errno("flush the folder of", path);
  }
  return {};
}

// The whole file appears at once: written under another name, then linked, which fails if another
// process was faster (then its key counts).
Result<> create(const std::string& path) {
  const auto draft = path + "." + hex_encode(secure_random_bytes(8)) + ".new";
  const Secret text(base64_encode(secure_random_bytes(SealedBox::kKeyBytes)) + "\n");
  auto written = write_durably(draft, text);
  if (written && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    written = fail_with_errno("create", path);
  }
  ::unlink(draft.c_str());
  if (!written) return written;
  return flush_directory_of(path);
}

}  // namespace

Result<Secret> load_or_create_master_key(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  {
    const File file(::open(path.c_str(), kFlags));
    if (file.is_open()) return read_key(file, path);
    if (errno != ENOENT) return fail_with_errno("open", path);
  }
  if (const auto created = create(path); !created) return fail(created.error());
  const File file(::open(path.c_str(), kFlags));
  if (!file.is_open()) return fail_with_errno("open", path);
  return read_key(file, path);
}

}  // namespace belfry::auth
