#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "store/backend.hpp"
#include "store/sqlite/database.hpp"

struct sqlite3_backup;

namespace belfry::store::sqlite {

// Copies a database into a new file a few pages at a time, on the thread and the connection that
// write it. What is written meanwhile goes into both, so the copy never begins anew, and between
// two steps nothing is read, so the write-ahead log starts over as always. (Another connection
// would have to read everything in one go, and the log would grow until it ended.)
class OnlineCopy final : public Copy {
 public:
  OnlineCopy(Database& from, std::string file);
  ~OnlineCopy() override;
  OnlineCopy(const OnlineCopy&) = delete;
  OnlineCopy& operator=(const OnlineCopy&) = delete;

  CopyProgress progress() const override;
  void abandon() override { abandoned_ = true; }

  // On the writer's thread, between transactions; false: it has ended. Throws nothing: a disk that
  // does not take the copy fails the copy alone.
  bool step(std::chrono::microseconds budget);

 private:
  void begin();
  void end(std::string failure);

  Database& from_;
  const std::string file_;
  std::optional<Database> to_;
  sqlite3_backup* backup_ = nullptr;
  std::atomic<bool> abandoned_{false};
  mutable std::mutex mutex_;
  CopyProgress progress_;
};

// Where the writer finds the copy that is being made, if any. `take` from any thread.
class CopySlot {
 public:
  explicit CopySlot(Database& db) : db_(db) {}
  ~CopySlot();

  // Null: one is being made already.
  std::shared_ptr<Copy> start(const std::string& file);
  // After each commit, on the writer's thread.
  void after_commit();

 private:
  Database& db_;
  std::atomic<bool> busy_{false};
  std::mutex mutex_;
  std::shared_ptr<OnlineCopy> copy_;
};

}  // namespace belfry::store::sqlite
