#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/backend.hpp"

namespace belfry::store::sqlite {

struct Options {
  std::string path;              // of the database file; its folder must exist
  const Clock* clock = nullptr;  // the "database's clock" of commands without `now`; null: anchored
  Random* random = nullptr;      // lease secrets come from the system unless a seed is given here
  std::int64_t cache_bytes = 64 * 1024 * 1024;
  std::int64_t reserve_bytes = 16 * 1024 * 1024;  // kept free for completions on a full disk
  std::int64_t log_bytes_max = 64 * 1024 * 1024;  // of the write-ahead log; a long read may add
  std::string new_issuer = {};  // what a store without an issuer keeps as its own (StoreFacts)
  // The store was brought back from a copy: leases and tokens of before are void from now on.
  bool restored = false;
  std::string vfs =
      {};  // SQLite's name of the file layer; empty: the system's. Tests put faults there
};

// Leaves word that a process ended because this store failed: the next open() checks the whole file
// first. Does what it can; a disk that takes no file is checked by its use.
void leave_suspicion(const std::string& path) noexcept;

// Opens (creates, migrates, checks) the embedded store. Throws std::runtime_error in words when the
// file is locked by another server, is newer than this binary, or fails its check.
std::unique_ptr<Backend> open(const Options& options);

}  // namespace belfry::store::sqlite
