#include "store/sqlite/stored_copy.hpp"

#include <fmt/format.h>

#include <optional>
#include <stdexcept>

#include "sql.hpp"
#include "store/sqlite/file_lock.hpp"
#include "store/sqlite/online_copy.hpp"
#include "store/sqlite/schema.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kCacheBytes = 16 * 1024 * 1024;
constexpr std::chrono::milliseconds kBetweenNews{200};

}  // namespace

RowCounts check_copy(const std::string& file) {
  Database db(file, Access::immutable, kCacheBytes);
  require_owner(db);
  {
    auto row = db.statement(sql::upkeep::check_everything);
    if (row.step() && row.text(0) != "ok") {
      throw std::runtime_error(fmt::format("{} is damaged: {}", file, row.text(0)));
    }
  }
  {
    auto row = db.statement(sql::copies::tasks_counted);
    if (row.step() && row.integer(0) != row.integer(1)) {
      throw std::runtime_error(
          fmt::format("{} counts {} tasks but holds {}", file, row.integer(0), row.integer(1)));
    }
  }
  RowCounts counts;
  {
    auto row = db.statement(sql::copies::tables);
    while (row.step()) counts.emplace(row.text(0), 0);
  }
  for (auto& [table, rows] : counts) {
    auto row = db.composed_statement(fmt::format(fmt::runtime(sql::copies::count_rows), table));
    if (row.step()) rows = row.integer(0);
  }
  return counts;
}

void copy_stopped_store(const std::string& store, const std::string& file,
                        const std::function<void(const CopyProgress&)>& told) {
  const FileLock lock(store + ".lock");
  Database from(store, Access::read_only, kCacheBytes);
  OnlineCopy copy(from, file);
  while (copy.step(kBetweenNews)) told(copy.progress());
  if (const auto end = copy.progress(); !end.failure.empty()) {
    throw std::runtime_error(end.failure);
  }
}

}  // namespace belfry::store::sqlite
