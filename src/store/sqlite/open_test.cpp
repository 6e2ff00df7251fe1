#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/scrub_all.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/temporary_folder.hpp"
#include "store/sqlite/workload.hpp"

// Opening a store: what is refused, in which words, and what is there again.
namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kCache = 1024 * 1024;

class OpenTest : public testing::Test {
 protected:
  std::string refusal() {
    try {
      open(folder_.options());
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(folder_.file()), std::string::npos)
          << "names the file: " << error.what();
      return error.what();
    }
    return "";
  }
  void change_file(const std::function<void(Database&)>& fn) {
    Database db(folder_.file(), Access::read_write, kCache);
    fn(db);
  }
  void make_store() {
    auto store = open(folder_.options());
    workload_.run(*store, 4);
  }
  // Changes one byte inside the first `text` of the file.
  void spoil(const std::string& text) {
    std::string bytes;
    {
      std::ifstream in(folder_.file(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    const auto at = bytes.find(text);
    ASSERT_NE(at, std::string::npos);
    std::fstream file(folder_.file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at + text.size() / 2));
    file.put('y');
  }

  TemporaryFolder folder_;
  // The running totals of stored bytes, and what the rows come to.
  using Bytes = std::map<std::int64_t, std::int64_t>;
  std::pair<Bytes, Bytes> stored_bytes() {
    Bytes totals, rows;
    change_file([&](Database& db) {
      auto total = db.statement(sql::stored::every);
      while (total.step()) totals[total.integer(0)] = total.integer(1);
      auto row = db.statement(sql::stored::recount);
      while (row.step()) rows[row.integer(0)] = row.integer(1);
    });
    std::erase_if(totals, [](const auto& one) { return one.second == 0; });
    return {totals, rows};
  }

  Workload workload_;
};

TEST_F(OpenTest, StoredBytesAreThoseOfTheRows) {
  make_store();
  const auto [totals, rows] = stored_bytes();
  EXPECT_EQ(totals, rows);
  EXPECT_FALSE(rows.empty());
  {
    auto store = open(folder_.options());
    workload_.run(*store, 2);
    workload_.prune(*store);
  }
  const auto [later_totals, later_rows] = stored_bytes();
  EXPECT_EQ(later_totals, later_rows);
  EXPECT_NE(later_rows, rows);
}

TEST_F(OpenTest, ASecondServerOnTheSameFileIsRefused) {
  auto first = open(folder_.options());
  EXPECT_NE(refusal().find("another server uses this store"), std::string::npos);
  first.reset();
  EXPECT_EQ(refusal(), "");
}

TEST_F(OpenTest, EverythingIsThereAgain) {
  make_store();
  for (int i = 0; i < 2; ++i) {
    auto store = open(folder_.options());
    EXPECT_EQ(workload_.check(*store), "");
    const auto facts = store->facts();
    EXPECT_EQ(facts.kind, "sqlite");
    EXPECT_EQ(facts.highest_id_high, workload_.acknowledged().rbegin()->first.uuid.high);
    EXPECT_GT(facts.bytes, 0);
    workload_.run(*store, 1);
  }
}

TEST_F(OpenTest, PushLeasesOfTheProcessBeforeEndAtOnce) {
  ManualClock clock;
  LeaseKind kinds[] = {LeaseKind::push, LeaseKind::worker, LeaseKind::accepted};
  {
    auto store = open(folder_.options(&clock));
    workload_.submit(*store, 3);
    for (const auto kind : kinds) {
      Claim claim;
      store->make_reader()->read(
          [&](Snapshot& s) { claim.queue = s.queues().list(workload_.tenant()).at(0).queue.no; });
      claim.lanes = lane_bit(domain::Lane::by_queue_default);
      claim.kind = kind;
      Job job{.command = claim};
      Job* jobs[] = {&job};
      store->writer().run(jobs);
      ASSERT_EQ(std::get<Claim::Reply>(*job.reply).tasks.size(), 1U);
    }
  }
  auto store = open(folder_.options(&clock));
  store->make_reader()->read([&](Snapshot& s) {
    EXPECT_EQ(s.tasks().lost_all_tenants({}, 10).size(), 1U) << "the push, and no worker's";
  });
}

TEST_F(OpenTest, ASchemaThatIsTooNewIsRefused) {
  make_store();
  const auto set_version = [&](int version, std::int64_t oldest) {
    change_file([&](Database& db) {
      db.execute(fmt::format(fmt::runtime(sql::upkeep::set_user_version), version));
      auto row = db.statement(sql::upkeep::set_meta);
      row.bind_text("oldest_binary").bind(oldest).run();
    });
  };
  set_version(99, 98);
  EXPECT_NE(refusal().find("start a newer belfry-scheduler"), std::string::npos);
  EXPECT_NE(refusal().find("schema 99"), std::string::npos);
  set_version(99, 1);
  EXPECT_EQ(refusal(), "") << "newer, but it still serves this binary";
}

TEST_F(OpenTest, AnotherApplicationsDatabaseIsRefused) {
  change_file([](Database& db) { db.execute(sql::migrations()[0].text); });
  EXPECT_NE(refusal().find("another application"), std::string::npos);
}

TEST_F(OpenTest, AFreshOrEmptyFileIsBroughtToTheSchema) {
  std::ofstream(folder_.file()).close();
  EXPECT_EQ(refusal(), "");
  make_store();
}

TEST_F(OpenTest, AFileThatIsNoDatabaseIsRefused) {
  make_store();
  {
    std::fstream file(folder_.file(), std::ios::in | std::ios::out | std::ios::binary);
    file << "this is no header of any database at all";
  }
  EXPECT_NE(refusal().find("not a database"), std::string::npos);
}

TEST_F(OpenTest, ATruncatedFileIsRefused) {
  make_store();
  const auto size = std::filesystem::file_size(folder_.file());
  for (const auto part : {size / 2, size - 4'096, std::uintmax_t{5'000}}) {
    std::filesystem::resize_file(folder_.file(), part);
    EXPECT_NE(refusal(), "") << part << " of " << size;
  }
}

TEST_F(OpenTest, OneWrongByteOfAPayloadIsNeverServed) {
  make_store();
  spoil(std::string(100, 'x'));
  auto store = open(folder_.options());
  EXPECT_EQ(workload_.check(*store), "") << "the others are";
  EXPECT_EQ(store->damage().rows(), 1U);
  EXPECT_EQ(store->damage().take_tasks().size(), 1U);
}

TEST_F(OpenTest, OneWrongByteOfAResultIsNeverServed) {
  make_store();
  spoil(std::string(100, 'r'));
  auto store = open(folder_.options());
  EXPECT_EQ(workload_.check(*store), "") << "the others are";
  EXPECT_EQ(store->damage().rows(), 1U);
  EXPECT_EQ(store->damage().take_tasks().size(), 1U);
}

TEST_F(OpenTest, AStoreThatFailedIsCheckedAsAWholeByTheNextStart) {
  make_store();
  leave_suspicion(folder_.file());
  EXPECT_EQ(refusal(), "") << "it is sound";
  EXPECT_FALSE(std::filesystem::exists(folder_.file() + ".suspect"));
  // An index that lacks a row: only the check of everything notices.
  change_file([](Database& db) {
    db.execute("PRAGMA writable_schema = ON");
    db.execute(
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX bodies_by_tenant ON bodies (seq, tenant)' "
        "WHERE name = 'bodies_by_tenant'");
  });
  EXPECT_EQ(refusal(), "");
  leave_suspicion(folder_.file());
  for (int i = 0; i < 2; ++i) {
    EXPECT_NE(refusal().find("the file is damaged"), std::string::npos);
    EXPECT_NE(refusal().find("restore a backup"), std::string::npos);
  }
}

TEST_F(OpenTest, AStoreOfTheFirstSchemaIsBroughtToThisOne) {
  make_store();
  change_file([](Database& db) {
    for (const auto* index : {"deliveries_set_aside", "live_parked", "live_parked_patience",
                              "live_parked_lane", "live_ready"}) {
      db.execute(fmt::format("DROP INDEX {}", index));
    }
    db.execute("CREATE INDEX live_ready ON live (lane, rank, seq) WHERE status = 2");
    for (const auto* column : {"parked", "refused_at", "patience_ms", "resent_run", "checksum"}) {
      db.execute(fmt::format("ALTER TABLE live DROP COLUMN {}", column));
    }
    for (const auto* column : {"set_aside", "first_due"}) {
      db.execute(fmt::format("ALTER TABLE deliveries DROP COLUMN {}", column));
    }
    db.execute("DROP TABLE destinations");
    db.execute("DROP TABLE destination_states");
    db.execute("DROP INDEX outcomes_failed_at");
    db.execute("DROP INDEX live_upcoming");
    db.execute("DROP INDEX deliveries_turns");
    db.execute("DROP INDEX deliveries_put_off");
    db.execute("ALTER TABLE deliveries DROP COLUMN due_since");
    db.execute("ALTER TABLE endpoints DROP COLUMN last_failed_at");
    db.execute("ALTER TABLE outcomes DROP COLUMN checksum");
    db.execute("DROP TABLE submitted");
    db.execute("ALTER TABLE idempotency DROP COLUMN id_low");
    db.execute("DROP INDEX tenants_unused");
    db.execute("DROP INDEX tenants_removing");
    for (const auto* column : {"used_at", "removing_since", "requests_per_second", "stored_max"}) {
      db.execute(fmt::format("ALTER TABLE tenants DROP COLUMN {}", column));
    }
    db.execute("DELETE FROM meta WHERE key IN ('tenants', 'last_tenant_no')");
    db.execute("DROP TABLE stored");
    db.execute("UPDATE bodies SET checksum = checksum & 0xffffffff");
    db.execute("UPDATE outcomes SET http_status = http_status & 0xffffffff");
    db.execute("PRAGMA writable_schema = ON");
    db.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, 'BETWEEN 0 AND 3', 'IN (0, 1, 2, 3)') "
        "WHERE name = 'live'");
    db.execute("PRAGMA writable_schema = RESET");
    db.execute(fmt::format(fmt::runtime(sql::upkeep::set_user_version), 1));
  });
  auto store = open(folder_.options());
  EXPECT_EQ(workload_.check(*store), "") << "rows without a checksum are served";
  EXPECT_EQ(scrub_all(*store), 0U);
  workload_.run(*store, 1);
  EXPECT_EQ(workload_.check(*store), "");
  EXPECT_EQ(scrub_all(*store), 0U);
}

TEST_F(OpenTest, AGarbledPageIsRefusedOrNeverServed) {
  make_store();
  const auto sound = folder_.file() + ".sound";
  std::filesystem::copy_file(folder_.file(), sound);
  const auto pages = static_cast<int>(std::filesystem::file_size(sound) / 4'096);
  ASSERT_GT(pages, 30);
  int refused = 0, broken = 0, whole = 0;
  std::mt19937 random(5);
  for (int page = 0; page < pages; ++page) {
    std::filesystem::copy_file(sound, folder_.file(),
                               std::filesystem::copy_options::overwrite_existing);
    {
      std::fstream file(folder_.file(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(page * 4'096);
      for (int i = 0; i < 4'096; ++i) file.put(static_cast<char>(random()));
    }
    try {
      auto store = open(folder_.options());
      try {
        EXPECT_EQ(workload_.check(*store), "") << "page " << page << " is served garbled";
        ++whole;
      } catch (const Failure&) {  // the page, or rows on it
        ++broken;
      }
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
  EXPECT_GT(broken, 1);
  RecordProperty("outcome", fmt::format("{} refused, {} broken, {} whole", refused, broken, whole));
}

}  // namespace
}  // namespace belfry::store::sqlite
