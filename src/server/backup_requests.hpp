#pragma once

#include <functional>
#include <memory>
#include <string>

#include "store/gateway.hpp"

namespace belfry::server {

// How `belfry-scheduler backup` and the server that runs on the same data folder meet: in files of
// that folder, so that whoever may read the store may back it up, and nobody else. The command
// holds a lock on backup.lock for as long as it waits, and writes what it wants to backup.request;
// the server takes that away, copies the store beside its commits and says in backup.status how far
// it is.
struct BackupRequest {
  std::string id;    // of this one; backup.status repeats it
  std::string file;  // absolute: where the copy goes
};

struct BackupStatus {
  enum class State { copying, copied, failed };
  std::string id;
  State state = State::copying;
  std::int64_t copied = 0, pages = 0;
  std::string failure;
};

// The files of a data folder. Throws std::runtime_error in words.
class BackupFiles {
 public:
  explicit BackupFiles(std::string folder) : folder_(std::move(folder)) {}

  std::string lock_file() const { return folder_ + "/backup.lock"; }
  void write(const BackupRequest& request) const;
  void write(const BackupStatus& status) const;
  BackupRequest take_request() const;  // without an id: there is none
  BackupStatus status() const;         // without an id: there is none
  bool command_waits() const;          // somebody holds the lock
  void clear() const;

 private:
  void replace(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

  std::string folder_;
};

// The server's side.
class BackupRequests {
 public:
  BackupRequests(const std::string& folder, store::Backend& backend, store::Gateway& gateway,
                 std::function<bool()> stopping);

  // Does what is asked for, if anything; blocks until that is done.
  void round();

 private:
  void copy(const BackupRequest& request);
  void follow(const BackupRequest& request, store::Copy& copy);

  BackupFiles files_;
  store::Backend& backend_;
  store::Gateway& gateway_;
  std::function<bool()> stopping_;
};

}  // namespace belfry::server
