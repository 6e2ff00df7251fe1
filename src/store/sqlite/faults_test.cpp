#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_disk.hpp"
#include "store/sqlite/temporary_folder.hpp"
#include "store/sqlite/workload.hpp"
#include "support/comes_true.hpp"

// Failing disks and full ones (PROMISES P17): nothing acknowledged that is not there, everything
// acknowledged there, at whichever write it happens.
namespace belfry::store::sqlite {
namespace {

constexpr int kRounds = 3;
using Act = FaultDisk::Act;

// A store in a folder of its own, over a disk of its own. What its faults count must outlive it: a
// store writes when it closes.
struct Site {
  FaultDisk disk;
  TemporaryFolder folder;
  Workload workload;
  std::unique_ptr<Backend> store;

  void open_store() {
    auto options = folder.options();
    options.vfs = disk.vfs();
    store = open(options);
  }
  // On the system's own layer: what the next process would find.
  std::string check_reopened() {
    store.reset();
    {
      Database db(folder.file(), Access::read_write, 1024 * 1024);
      auto row = db.statement(sql::upkeep::check_everything);
      if (!row.step() || row.text(0) != "ok") return "the file is damaged";
    }
    return workload.check(*open(folder.options()));
  }
};

// How many acts of a kind the workload takes.
int count_acts(Act wanted) {
  int n = 0;
  Site site;
  site.open_store();
  site.disk.set_fault([&](Act act, const std::string&) {
    n += act == wanted ? 1 : 0;
    return SQLITE_OK;
  });
  site.workload.run(*site.store, kRounds);
  return n;
}

enum class Kind { none, unavailable, full, broken };

Kind kind_of(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Broken&) {
    return Kind::broken;
  } catch (const Full&) {
    return Kind::full;
  } catch (const Unavailable&) {
    return Kind::unavailable;
  }
  return Kind::none;
}

// Fails the n-th act of a kind once, at every n, and says what must follow.
void sweep_broken(Act wanted, int code) {
  const int acts = count_acts(wanted);
  ASSERT_GT(acts, kRounds);
  for (int n = 1; n <= acts; ++n) {
    int seen = 0;
    Site site;
    site.open_store();
    site.disk.set_fault([&](Act act, const std::string&) {
      return act == wanted && ++seen == n ? code : SQLITE_OK;
    });
    ASSERT_EQ(kind_of([&] { site.workload.run(*site.store, kRounds); }), Kind::broken) << n;
    // The disk is well again, and still nothing is acknowledged.
    Job job{.command = MoveDue{}};
    Job* jobs[] = {&job};
    EXPECT_EQ(kind_of([&] { site.store->writer().run(jobs); }), Kind::broken) << n;
    EXPECT_EQ(site.check_reopened(), "") << "write " << n;
  }
}

TEST(FaultsTest, AFailedWriteBreaksTheStoreForGood) {
  sweep_broken(Act::write, SQLITE_IOERR_WRITE);
}

TEST(FaultsTest, AFailedFlushBreaksTheStoreForGood) {
  sweep_broken(Act::flush, SQLITE_IOERR_FSYNC);
}

TEST(FaultsTest, AFailedFlushOfTheDatabaseFileAtACheckpointBreaksTheStore) {
  int failed = 0;
  Site site;
  site.open_store();
  site.workload.run(*site.store, 1);
  site.disk.set_fault([&](Act act, const std::string& path) {
    if (act != Act::flush || path != site.folder.file() || failed > 0) return SQLITE_OK;
    ++failed;
    return SQLITE_IOERR_FSYNC;
  });
  auto kind = Kind::none;
  for (int i = 0; i < 8 && kind == Kind::none; ++i) {
    kind = kind_of([&] { site.workload.submit(*site.store, 20, 250'000); });
    if (failed > 0) break;
  }
  EXPECT_EQ(failed, 1) << "there was a checkpoint";
  EXPECT_EQ(kind, Kind::broken);
  EXPECT_EQ(kind_of([&] { site.workload.submit(*site.store, 1); }), Kind::broken);
}

TEST(FaultsTest, AFullDiskAtAnyWriteRefusesAndGoesOnWhenThereIsSpace) {
  const int writes = count_acts(Act::write);
  int met = 0;
  for (int n = 1; n <= writes; ++n) {
    int seen = 0;
    Site site;
    site.open_store();
    site.disk.set_fault([&](Act act, const std::string&) {
      return act == Act::write && ++seen >= n ? SQLITE_FULL : SQLITE_OK;
    });
    const auto kind = kind_of([&] { site.workload.run(*site.store, kRounds); });
    ASSERT_EQ(kind, Kind::full) << n;
    ++met;
    EXPECT_TRUE(site.store->writer().full());
    EXPECT_EQ(site.workload.check(*site.store), "") << "reads go on; write " << n;
    site.disk.set_fault({});
    site.workload.submit(*site.store, 3);
    EXPECT_EQ(site.workload.check(*site.store), "") << "no repair is needed; write " << n;
    EXPECT_EQ(site.check_reopened(), "") << "write " << n;
  }
  EXPECT_EQ(met, writes);
}

TEST(FaultsTest, TheReserveLetsCompletionsGoOnUntilSpaceReturns) {
  Site site;
  auto options = site.folder.options();
  options.vfs = site.disk.vfs();
  options.reserve_bytes = 4 * 1024 * 1024;
  const auto reserve = options.path + ".reserve";
  site.store = open(options);
  site.workload.submit(*site.store, 20);
  site.workload.claim(*site.store, 20);
  ASSERT_TRUE(std::filesystem::exists(reserve));
  site.disk.set_capacity(site.disk.used() + options.reserve_bytes + 10'000, reserve);

  ASSERT_EQ(kind_of([&] { site.workload.submit(*site.store, 20, 4'000); }), Kind::full);
  EXPECT_TRUE(site.store->writer().full());
  EXPECT_FALSE(std::filesystem::exists(reserve));
  for (int i = 0; i < 20; ++i) site.workload.finish_one(*site.store);
  site.workload.prune(*site.store);
  EXPECT_EQ(site.workload.check(*site.store), "") << "pruning is what makes room";
  site.disk.unlimit();
  // Asked again and again, as the gateway does; it looks once a second.
  ASSERT_TRUE(test::comes_true([&] { return !site.store->writer().full(); }));
  EXPECT_TRUE(std::filesystem::exists(reserve));
  EXPECT_FALSE(site.store->writer().full()) << "it stays so";
  site.workload.submit(*site.store, 20, 4'000);
  EXPECT_FALSE(site.store->writer().full());
  EXPECT_EQ(site.check_reopened(), "");
}

TEST(FaultsTest, AStoreThatCannotTakeItsReserveIsFullFromTheStart) {
  Site site;
  site.open_store();
  site.workload.run(*site.store, 1);
  site.store.reset();
  auto options = site.folder.options();
  options.reserve_bytes = std::int64_t{1} << 50;
  site.store = open(options);
  EXPECT_TRUE(site.store->writer().full());
  EXPECT_FALSE(std::filesystem::exists(options.path + ".reserve"));
  EXPECT_EQ(site.check_reopened(), "");
}

TEST(FaultsTest, ACheckpointWithoutRoomOnlyWaits) {
  int refused = 0;
  Site site;
  site.open_store();
  site.disk.set_fault([&](Act act, const std::string& path) {
    if (act != Act::write || path != site.folder.file()) return SQLITE_OK;
    ++refused;
    return SQLITE_FULL;
  });
  for (int i = 0; i < 5; ++i) site.workload.submit(*site.store, 20, 250'000);
  EXPECT_GT(refused, 0) << "there was a checkpoint";
  EXPECT_FALSE(site.store->writer().full());
  site.disk.set_fault({});
  site.workload.submit(*site.store, 1);
  EXPECT_EQ(site.check_reopened(), "");
}

TEST(FaultsTest, NoRoomForTheIndexOfALongLogIsAFullDisk) {
  Site site;
  site.open_store();
  site.workload.run(*site.store, 1);
  site.disk.set_fault([&](Act act, const std::string&) {
    return act == Act::map ? SQLITE_IOERR_SHMSIZE : SQLITE_OK;
  });
  EXPECT_EQ(kind_of([&] { site.workload.submit(*site.store, 80, 250'000); }), Kind::full);
  EXPECT_TRUE(site.store->writer().full());
  EXPECT_EQ(site.workload.check(*site.store), "");
  site.disk.set_fault({});
  site.workload.submit(*site.store, 80, 250'000);
  EXPECT_EQ(site.check_reopened(), "");
}

TEST(FaultsTest, OpeningOnAFailingDiskIsRefusedInWords) {
  for (const int code : {SQLITE_IOERR_WRITE, SQLITE_FULL}) {
    for (int n = 1; n < 60; n += 4) {
      int seen = 0;
      Site site;
      site.disk.set_fault([&](Act act, const std::string&) {
        return act == Act::write && ++seen >= n ? code : SQLITE_OK;
      });
      try {
        site.open_store();
      } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find(site.folder.file()), std::string::npos);
      }
      site.disk.set_fault({});
      if (!site.store) site.open_store();
      site.workload.run(*site.store, 1);
      EXPECT_EQ(site.check_reopened(), "") << n;
    }
  }
}

}  // namespace
}  // namespace belfry::store::sqlite
