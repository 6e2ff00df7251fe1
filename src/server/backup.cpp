#include "server/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "server/backup_folder.hpp"
#include "server/backup_requests.hpp"
#include "server/data_folder.hpp"

namespace belfry::server {
namespace {

namespace fs = std::filesystem;
namespace sqlite = store::sqlite;
using std::chrono::steady_clock;

constexpr std::string_view kStore = "/belfry.db";
constexpr std::string_view kPartial = "/belfry.db.partial";
constexpr auto kLookEvery = std::chrono::milliseconds{100};
constexpr auto kIsAliveEvery = std::chrono::seconds{1};
// A server that just starts takes requests only when it is ready.
constexpr auto kPatience = std::chrono::seconds{60};

std::string in(const std::string& folder, std::string_view name) {
  return folder + std::string(name);
}

// An exclusive lock; does not wait.
class Lock {
 public:
  Lock(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) {
      throw std::runtime_error(
          fmt::format("{}: cannot be opened: {}; run the command as the user "
                      "that runs the server",
                      path, std::strerror(errno)));
    }
    held_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
  }
  ~Lock() { ::close(fd_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

bool server_runs(const std::string& data) {
  return !Lock(data, O_RDONLY | O_DIRECTORY).held();
}

// Waits until the running server has written the copy.
void ask_server(const std::string& data, const std::string& file) {
  const BackupFiles files(data);
  const auto id = hex_encode(secure_random_bytes(8));
  files.clear();
  files.write(BackupRequest{id, file});
  ProgressLine line("copying");
  auto last_heard = steady_clock::now(), last_look = last_heard;
  BackupStatus last;
  for (;;) {
    std::this_thread::sleep_for(kLookEvery);
    const auto status = files.status();
    if (status.id == id) {
      if (status.copied != last.copied || last.id.empty()) last_heard = steady_clock::now();
      last = status;
      if (status.state == BackupStatus::State::failed) {
        throw std::runtime_error(fmt::format(
            "the server could not copy its store to {}: {}; mend that (the server itself writes "
            "the copy, so its user must be able to write there) and run the command again",
            file, status.failure));
      }
      line.show(status.copied, status.pages);
      if (status.state == BackupStatus::State::copied) return line.show(1, 1);
    }
    if (steady_clock::now() - last_heard > kPatience) {
      throw std::runtime_error(fmt::format(
          "the server that uses {} did not go on with the backup for {} s (one of an older version "
          "makes none); look into its log, or stop it and run the command again",
          data, kPatience.count()));
    }
    if (steady_clock::now() - last_look < kIsAliveEvery) continue;
    last_look = steady_clock::now();
    if (!server_runs(data)) {
      throw std::runtime_error("the server stopped meanwhile; run the command again");
    }
  }
}

void copy_store(const std::string& data, const std::string& file) {
  if (server_runs(data)) return ask_server(data, file);
  ProgressLine line("copying");
  sqlite::copy_stopped_store(in(data, kStore), file, [&line](const store::CopyProgress& progress) {
    line.show(progress.copied, progress.pages);
  });
  line.show(1, 1);
}

sqlite::RowCounts verify(const std::string& file) {
  std::fputs("checking the copy\n", stderr);
  return sqlite::check_copy(file);
}

std::int64_t tasks_of(const sqlite::RowCounts& rows) {
  const auto found = rows.find("bodies");
  return found == rows.end() ? 0 : found->second;
}

// Takes away what a failed command has made.
class Undo {
 public:
  explicit Undo(std::string folder) : folder_(std::move(folder)) {}
  ~Undo() {
    std::error_code ignored;
    if (!done_) {
      for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
        fs::remove(entry.path(), ignored);
      }
    }
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  void done() { done_ = true; }

 private:
  std::string folder_;
  bool done_ = false;
};

std::int64_t space_of_store(const std::string& data) {
  auto bytes = size_of_file(in(data, kStore));
  std::error_code none;
  const auto log = fs::file_size(in(data, kStore) + "-wal", none);
  if (!none) bytes += static_cast<std::int64_t>(log);
  return bytes;
}

}  // namespace

const char* command_help() {
  return "belfry-scheduler backup DIR [--data DATA]\n"
         "  Copies the store, master.key and operator.key of the data folder DATA (default "
         "./data)\n"
         "  into DIR, a new or an empty folder, and checks the copy. A server may run on DATA.\n"
         "belfry-scheduler restore BACKUP [--data DATA]\n"
         "  Puts the backup in the folder BACKUP into DATA, a new or an empty folder, and checks\n"
         "  it. The next start on DATA begins paused: see docs/backup.md.\n";
}

void back_up(const std::string& data, const std::string& to) {
  const auto bytes = space_of_store(data);
  for (const auto* key : {"/master.key", "/operator.key"}) size_of_file(in(data, key));
  const Lock only(BackupFiles(data).lock_file(), O_RDWR | O_CREAT);
  if (!only.held()) {
    throw std::runtime_error(
        fmt::format("another backup of {} runs; wait until it has ended", data));
  }
  const auto folder = fs::absolute(to).lexically_normal().string();
  take_empty_folder(folder, "a backup");
  Undo undo(folder);
  require_space(folder, bytes);
  const auto partial = in(folder, kPartial);
  BackupFacts facts;
  facts.made_at = format_time(AnchoredClock{}.now());
  copy_store(data, partial);
  BackupFiles(data).clear();
  flush(partial);
  facts.rows = verify(partial);
  facts.bytes = size_of_file(partial);
  facts.sha256 = hash_and_copy(partial, "");
  for (const auto* key : {"/master.key", "/operator.key"}) copy_key(in(data, key), in(folder, key));
  fs::rename(partial, in(folder, kStore));
  write_facts(folder, facts);
  flush(folder);
  undo.done();
  std::fprintf(stderr,
               "backup of %s is in %s: %lld tasks, %lld bytes, checked; it holds the keys, so keep "
               "it as secret as the data folder\n",
               data.c_str(), folder.c_str(), static_cast<long long>(tasks_of(facts.rows)),
               static_cast<long long>(facts.bytes));
}

void restore(const std::string& backup, const std::string& data) {
  const auto facts = read_facts(backup);
  const auto from = in(backup, kStore);
  if (size_of_file(from) != facts.bytes) {
    throw std::runtime_error(fmt::format(
        "{}: has {} bytes but backup.txt says {}: it was changed or cut since; use another backup",
        from, size_of_file(from), facts.bytes));
  }
  for (const auto* key : {"/master.key", "/operator.key"}) size_of_file(in(backup, key));
  take_empty_folder(data, "a restore");
  Undo undo(data);
  require_space(data, facts.bytes);
  const auto partial = in(data, kPartial);
  if (hash_and_copy(from, partial) != facts.sha256) {
    throw std::runtime_error(fmt::format(
        "{}: its checksum is not the one in backup.txt: it was changed since; use another backup",
        from));
  }
  if (verify(partial) != facts.rows) {
    throw std::runtime_error(
        fmt::format("{}: holds other rows than backup.txt says; use another backup", from));
  }
  for (const auto* key : {"/master.key", "/operator.key"}) {
    copy_key(in(backup, key), in(data, key));
  }
  mark_restored(data);
  fs::rename(partial, in(data, kStore));
  flush(data);
  undo.done();
  std::fprintf(
      stderr,
      "restored %lld tasks of %s into %s; the next start there begins paused: nothing runs "
      "until POST /api/v1/admin/resume\n",
      static_cast<long long>(tasks_of(facts.rows)), facts.made_at.c_str(), data.c_str());
}

}  // namespace belfry::server
