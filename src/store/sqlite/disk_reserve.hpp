#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace belfry::store::sqlite {

// Disk space put by beside the database, so that what ends attempts still fits when the disk is
// full (PROMISES P17). A file that is really allocated; given up when space runs out, taken again
// when twice as much is free.
class DiskReserve {
 public:
  // Takes the reserve if it can. If it cannot, or if nothing but it is left, the disk is full from
  // the start and the reserve is free, so that the store beside it can still be opened.
  DiskReserve(std::string path, std::int64_t bytes);

  void give_up();
  // True while the reserve is given up. Looks for space at most once a second.
  bool full();

 private:
  bool take();
  std::int64_t free_bytes() const;

  std::string path_;
  std::int64_t bytes_;
  bool full_ = false;
  std::chrono::steady_clock::time_point looked_at_{};
};

}  // namespace belfry::store::sqlite
