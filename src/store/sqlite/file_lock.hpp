#pragma once

#include <string>

namespace belfry::store::sqlite {

// One server a database file (PROMISES section 2): held for the process's life, given back by the
// system when it dies.
class FileLock {
 public:
  // Throws std::runtime_error in words if another process holds it.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

// Flushes a folder, so that a file created in it is still there after a power loss.
void flush_folder_of(const std::string& path);

}  // namespace belfry::store::sqlite
