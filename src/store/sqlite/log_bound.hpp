#pragma once

#include <cstdint>

#include "store/sqlite/database.hpp"
#include "store/sqlite/read_gate.hpp"

namespace belfry::store::sqlite {

// Bounds the write-ahead log. Each commit copies a long log into the database as far as the reads
// allow, but it begins anew only in a moment without reads; where reads overlap there is none, and
// it would grow for ever. So past the bound the writer makes that moment.
class LogBound {
 public:
  LogBound(Database& db, ReadGate& gate, std::int64_t bytes_max);

  // After each commit, on the writer's thread. Throws Broken as the commit would.
  void after_commit();

 private:
  Database& db_;
  ReadGate& gate_;
  const std::int64_t frames_max_;
  std::int64_t try_at_;  // frames; further on after a try that met a long read
};

}  // namespace belfry::store::sqlite
