#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "store/sqlite/context.hpp"

namespace belfry::bench {

// A task's life as a bare SQLite loop: the store's own tables, inserts, updates and deletes,
// flushed as the store flushes, and none of its checks, totals, series or replies.
class BareStore {
 public:
  explicit BareStore(const std::filesystem::path& path);  // makes the store

  // Each a commit of its own.
  void submit(int count);
  std::vector<std::int64_t> claim(int count);  // of those that wait; fewer if there are fewer
  void end(const std::vector<std::int64_t>& claimed);

 private:
  void insert();

  std::unique_ptr<store::sqlite::Database> db_;
  std::int64_t seq_ = std::int64_t{1'700'000'000'000} << 12;
  std::size_t bytes_ = 0;
};

// A payload of 200 bytes, as all benchmarks of tasks use it.
const std::string& payload_200();

}  // namespace belfry::bench
