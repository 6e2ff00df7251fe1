#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

// For tests: a file layer for SQLite over the real one that fails when told to, has only so much
// space, and forgets at a power cut what was not flushed. Nothing is really flushed: what a power
// cut leaves is worked out here. One thread.
namespace belfry::store::sqlite {

class FaultDisk {
 public:
  enum class Act { write, flush, truncate, remove, map };  // map: shared memory that grows

  FaultDisk();
  ~FaultDisk();  // after everything that uses it is closed
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  const std::string& vfs() const { return name_; }

  // Asked before each act with the file's path: an SQLite result code to fail it with, or
  // SQLITE_OK.
  using Fault = std::function<int(Act, const std::string& path)>;
  void set_fault(Fault fault) { fault_ = std::move(fault); }
  // What `used` may come to; files that grow beyond it meet a full disk. `beside` counts too.
  void set_capacity(std::int64_t bytes, std::string beside);
  std::int64_t used() const;
  void unlimit() { capacity_ = -1; }

  int acts() const { return acts_; }  // so far, failed ones included
  // From act number `n` on (counted from now, 1 is the next) everything fails.
  void cut_power_at(int n) { cut_at_ = acts_ + n; }
  bool power_is_cut() const { return cut_at_ >= 0 && acts_ >= cut_at_; }
  // A disk that says it has flushed and has not, as with flushing off.
  void lie_about_flushes() { lies_ = true; }
  // When all files are closed: leaves of each what was flushed, and of every later write all, a
  // part or nothing, as the seed says. Then the power is back.
  void settle(std::uint64_t seed);

  // --- for the file layer ---
  int act(Act act, const std::string& path);
  void opened(const std::string& path);
  int room_for(const std::string& path, std::int64_t end);
  void written(const std::string& path, std::int64_t offset, std::string bytes);
  void truncated(const std::string& path, std::int64_t size);
  void flushed(const std::string& path);
  void removed(const std::string& path) { files_.erase(path); }

 private:
  struct Change {
    std::int64_t offset = 0;
    std::string bytes;
    bool truncates = false;
  };
  struct Tracked {
    std::string flushed;
    std::vector<Change> later;
    std::int64_t size = 0;
  };
  static void apply(std::string& image, const Change& change);

  std::string name_;
  std::unique_ptr<sqlite3_vfs> layer_;
  Fault fault_;
  std::map<std::string, Tracked> files_;
  std::int64_t capacity_ = -1;
  std::string beside_;
  int acts_ = 0;
  int cut_at_ = -1;
  bool lies_ = false;
};

}  // namespace belfry::store::sqlite
