#pragma once

#include <cstdint>
#include <string>

#include "store/sqlite/stored_copy.hpp"

namespace belfry::server {

// What a backup says of itself, in backup.txt: written last, so that a backup without it did not
// end.
struct BackupFacts {
  std::string made_at;
  std::string sha256;  // of belfry.db
  std::int64_t bytes = 0;
  store::sqlite::RowCounts rows;
};

BackupFacts read_facts(const std::string& folder);
void write_facts(const std::string& folder, const BackupFacts& facts);

// Makes the folder for its owner alone. Throws if it holds anything.
void take_empty_folder(const std::string& path, std::string_view what_for);
// Throws unless `bytes` and a little more are free.
void require_space(const std::string& folder, std::int64_t bytes);
std::int64_t size_of_file(const std::string& path);  // throws if there is none

// Hex. Copies into `to`, a new file with mode 0600, unless it is empty; tells of its progress.
std::string hash_and_copy(const std::string& from, const std::string& to);
// A key's file: its bytes, mode 0600, and its owner if this process may give it away.
void copy_key(const std::string& from, const std::string& to);
void flush(const std::string& path);  // of a file or a folder

// One line on standard error, written over while it changes.
class ProgressLine {
 public:
  explicit ProgressLine(std::string doing);
  ~ProgressLine();
  void show(std::int64_t done, std::int64_t of);

 private:
  std::string doing_;
  bool terminal_;
  int shown_ = -1;
};

}  // namespace belfry::server
