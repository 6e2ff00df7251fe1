#pragma once

#include <string>
#include <utility>
#include <vector>

namespace belfry::server {

// The folder of everything the service keeps, made (for its owner alone) if it is missing. Looks at
// what is in it before anything is opened or written, and refuses what would end in a new, empty
// store beside the remains of another one.
class DataFolder {
 public:
  // Throws std::runtime_error: one sentence that says what is wrong and what to do.
  explicit DataFolder(std::string path);

  const std::string& path() const { return path_; }
  // The first start has made everything: from now on a missing part is refused.
  void complete() const;
  // Was a backup put here since the last start?
  bool restored() const;
  // Nothing is to run until an operator resumes. Survives restarts.
  bool paused() const;
  void pause() const;
  void resume() const;

 private:
  void make() const;
  void check_access() const;
  bool has_begun() const;  // no store was there at this start

  std::string path_;
};

// Makes the next start in this folder the first one after a restore.
void mark_restored(const std::string& folder);

// Notices that the store's open files are no longer those that its folder names. Take it down once
// the store is open.
class StoreFiles {
 public:
  explicit StoreFiles(const std::string& folder);

  // Empty while all is well; else one sentence.
  std::string trouble();

 private:
  struct File {
    std::string path;
    std::pair<unsigned long, unsigned long> identity;  // device and inode
    long size;                                         // the largest seen, of the database
  };
  std::vector<File> files_;
};

// Refuses to start with too few file descriptors; throws as DataFolder.
void check_descriptor_limit();

}  // namespace belfry::server
