#pragma once

#include <string>

namespace belfry::store::sqlite {

// One server a database file (PROMISES section 2): held for the process's life, given back by the
// system when it dies. Locks the folder that the file lies in, since a lock file can be removed
// under a running server, and the lock file as well, which is all that older servers look at.
class FileLock {
 public:
  // Throws std::runtime_error in words if another process holds either.
  explicit FileLock(const std::string& path);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  struct Descriptor {
    int value = -1;
    ~Descriptor();
  };
  static void lock(int descriptor, const std::string& path, Descriptor& into);

  Descriptor folder_, file_;
};

// Flushes a folder, so that a file created in it is still there after a power loss.
void flush_folder_of(const std::string& path);

}  // namespace belfry::store::sqlite
