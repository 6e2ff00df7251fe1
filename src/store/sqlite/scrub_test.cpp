#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "store/scrub_all.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/temporary_folder.hpp"
#include "store/sqlite/workload.hpp"

// What a scrub finds that no checksum of a row tells, and how far a step of it goes.
namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kCache = 1024 * 1024;

TEST(Scrub, ReportsAnIndexThatLacksARow) {
  const std::map<std::string, std::string> indexes = {
      {"bodies_by_tenant", "bodies (tenant, seq)"},
      {"live_by_tenant", "live (tenant, seq)"},
      {"live_ready", "live (lane, rank, seq) WHERE status = 2 AND parked IS NULL"},
      {"outcomes_cancelled", "outcomes (tenant, seq) WHERE status = 6"}};
  for (const auto& [name, definition] : indexes) {
    const TemporaryFolder folder;
    {
      auto store = open(folder.options());
      Workload workload;
      workload.run(*store, 2);
      workload.submit(*store, 1);
    }
    // It is built without any row, and then says that it holds them.
    const bool partial = definition.find("WHERE") != std::string::npos;
    const auto emptied = definition + (partial ? " AND seq < 0" : " WHERE seq < 0");
    {
      Database db(folder.file(), Access::read_write, kCache);
      db.execute(fmt::format("DROP INDEX {}", name));
      db.execute(fmt::format("CREATE INDEX {} ON {}", name, emptied));
      db.execute("PRAGMA writable_schema = ON");
      db.execute(
          fmt::format("UPDATE sqlite_schema SET sql = 'CREATE INDEX {0} ON {1}' WHERE name = '{0}'",
                      name, definition));
    }
    auto store = open(folder.options());
    EXPECT_GT(scrub_all(*store), 0U) << name;
  }
}

// A step is bounded by rows and bytes, and a round comes to every task.
TEST(Scrub, GoesOnWhereItStopped) {
  const TemporaryFolder folder;
  Workload workload;
  auto store = open(folder.options());
  workload.submit(*store, 25);
  workload.submit(*store, 4, 600'000);
  const auto reader = store->make_reader();
  std::int64_t place = 0;
  int steps = 0;
  do {
    reader->read([&](Snapshot& s) { place = s.tasks().scrub_all_tenants(place, 10); });
    ++steps;
  } while (place != 0 && steps < 100);
  EXPECT_EQ(steps, 4) << "10, 10, 5 with 2 large ones, and 2 large ones";
}

}  // namespace
}  // namespace belfry::store::sqlite
