#include "server/backup_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium/crypto_hash_sha256.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "base/encoding.hpp"

namespace belfry::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirstLine = "belfry-backup 1";
constexpr std::int64_t kSpare = 16 * 1024 * 1024;
constexpr std::size_t kChunk = 1024 * 1024;

[[noreturn]] void fail_on(const std::string& path, std::string_view doing) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT;
  throw std::runtime_error(
      fmt::format("{}: cannot be {}: {}; {}", path, doing, std::strerror(error),
                  full ? "free space, empty that folder and run the command again"
                       : "mend that and run the command again"));
}

class File {
 public:
  File(const std::string& path, int flags, std::string_view doing)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) fail_on(path, doing);
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(const File& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0) fail_on(path, "written");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

ProgressLine::ProgressLine(std::string doing)
    : doing_(std::move(doing)), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (terminal_ && shown_ >= 0) std::fputc('\n', stderr);
}

void ProgressLine::show(std::int64_t done, std::int64_t of) {
  constexpr int kStep = 10;  // percent, where each is a line of its own
  int percent = of > 0 ? static_cast<int>(done * 100 / of) : 0;
  if (!terminal_) percent = percent / kStep * kStep;
  if (percent == shown_) return;
  shown_ = percent;
  std::fprintf(stderr, "%s%s: %d %%%s", terminal_ ? "\r" : "", doing_.c_str(), percent,
               terminal_ ? "" : "\n");
  std::fflush(stderr);
}

void take_empty_folder(const std::string& path, std::string_view what_for) {
  std::error_code error;
  const bool made = fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    throw std::runtime_error(fmt::format("{}: cannot be made a folder for {}: {}; name another one",
                                         path, what_for,
                                         error ? error.message() : "a file has that name"));
  }
  if (made) fs::permissions(path, fs::perms::owner_all, error);
  const bool empty = fs::is_empty(path, error);
  if (error) {
    throw std::runtime_error(fmt::format("{}: cannot be read: {}", path, error.message()));
  }
  if (!empty) {
    throw std::runtime_error(
        fmt::format("{}: is not empty, and {} overwrites nothing; name a new or an empty folder",
                    path, what_for));
  }
}

std::int64_t size_of_file(const std::string& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (!error) return static_cast<std::int64_t>(bytes);
  throw std::runtime_error(fmt::format("{}: {}; is that the right folder?", path, error.message()));
}

void require_space(const std::string& folder, std::int64_t bytes) {
  std::error_code error;
  const auto free = static_cast<std::int64_t>(fs::space(folder, error).available);
  if (!error && free >= bytes + kSpare) return;
  throw std::runtime_error(fmt::format(
      "{}: has {} MB free but {} MB are needed; free space or name a folder on another disk",
      folder, free / 1'000'000, (bytes + kSpare) / 1'000'000 + 1));
}

std::string hash_and_copy(const std::string& from, const std::string& to) {
  const auto bytes = size_of_file(from);
  const File in(from, O_RDONLY, "read");
  std::unique_ptr<File> out;
  if (!to.empty()) out = std::make_unique<File>(to, O_WRONLY | O_CREAT | O_EXCL, "created");
  ProgressLine line(to.empty() ? "reading the copy" : "restoring");
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<char> chunk(kChunk);
  for (std::int64_t done = 0;;) {
    const auto n = ::read(in.get(), chunk.data(), chunk.size());
    if (n < 0) fail_on(from, "read");
    if (n == 0) break;
    const std::string_view part(chunk.data(), static_cast<std::size_t>(n));
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
    if (out) write_all(*out, to, part);
    done += n;
    line.show(done, bytes);
  }
  if (out && ::fsync(out->get()) != 0) fail_on(to, "flushed");
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256_final(&state, hash.data());
  return hex_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

void copy_key(const std::string& from, const std::string& to) {
  const File in(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, "read");
  struct stat facts{};
  if (::fstat(in.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    throw std::runtime_error(fmt::format("{}: is not a file; is that the right folder?", from));
  }
  std::array<char, 4'096> bytes{};
  const auto n = ::read(in.get(), bytes.data(), bytes.size());
  if (n <= 0) throw std::runtime_error(fmt::format("{}: is empty or cannot be read", from));
  const File out(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, "created");
  if (::fchmod(out.get(), 0600) != 0) fail_on(to, "protected");
  if (::geteuid() == 0 && ::fchown(out.get(), facts.st_uid, facts.st_gid) != 0) {
    fail_on(to, "given to its owner");
  }
  write_all(out, to, {bytes.data(), static_cast<std::size_t>(n)});
  ::explicit_bzero(bytes.data(), bytes.size());
  if (::fsync(out.get()) != 0) fail_on(to, "flushed");
}

void flush(const std::string& path) {
  const File file(path, O_RDONLY, "opened");
  if (::fsync(file.get()) != 0) fail_on(path, "flushed");
}

void write_facts(const std::string& folder, const BackupFacts& facts) {
  auto text = fmt::format("{}\nmade {}\nsha256 {}\nbytes {}\n", kFirstLine, facts.made_at,
                          facts.sha256, facts.bytes);
  for (const auto& [table, n] : facts.rows) text += fmt::format("rows {} {}\n", table, n);
  const auto path = folder + "/backup.txt";
  const File file(path, O_WRONLY | O_CREAT | O_EXCL, "created");
  write_all(file, path, text);
  if (::fsync(file.get()) != 0) fail_on(path, "flushed");
}

BackupFacts read_facts(const std::string& folder) {
  std::ifstream file(folder + "/backup.txt");
  std::string line;
  if (!std::getline(file, line) || line != kFirstLine) {
    throw std::runtime_error(
        fmt::format("{}: is no finished backup (backup.txt is missing or not Belfry's); name a "
                    "folder that `belfry-scheduler backup` has made to its end",
                    folder));
  }
  BackupFacts facts;
  while (std::getline(file, line)) {
    std::stringstream words(line);
    std::string key, table;
    words >> key;
    if (key == "made") words >> facts.made_at;
    if (key == "sha256") words >> facts.sha256;
    if (key == "bytes") words >> facts.bytes;
    if (key == "rows") {
      words >> table;
      words >> facts.rows[table];
    }
  }
  return facts;
}

}  // namespace belfry::server
