#include <gtest/gtest.h>

#include <iostream>

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/fault_disk.hpp"
#include "store/sqlite/temporary_folder.hpp"
#include "store/sqlite/workload.hpp"

// The power goes at every n-th write, flush or removal; what was not flushed is kept, torn or lost.
// What was acknowledged must be there (PROMISES P1), and the file must be sound.
namespace belfry::store::sqlite {
namespace {

enum class Disk { honest, lying };

class PowerLoss {
 public:
  explicit PowerLoss(Disk disk) {
    if (disk == Disk::lying) disk_.lie_about_flushes();
    options_ = folder_.options();
    options_.vfs = disk_.vfs();
  }

  // Two lives of a store: the end of each copies the log into the database.
  void live() {
    for (int life = 0; life < 2; ++life) {
      auto store = open(options_);
      workload_.run(*store, 2);
    }
  }
  int acts() const { return disk_.acts(); }

  // What is wrong after a cut at act `n`; nothing if all is well.
  std::string cut_at(int n, std::uint64_t seed) {
    disk_.cut_power_at(n);
    try {
      live();
    } catch (const std::runtime_error&) {
      // As a process without power: it learns nothing more.
    }
    if (!disk_.power_is_cut()) return "the power was never cut";
    disk_.settle(seed);
    try {
      {
        Database db(folder_.file(), Access::read_write, 1024 * 1024);
        auto row = db.statement(sql::upkeep::check_everything);
        if (!row.step() || row.text(0) != "ok") return "the file is damaged";
      }
      return workload_.check(*open(folder_.options()));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

 private:
  FaultDisk disk_;
  TemporaryFolder folder_;
  Options options_;
  Workload workload_;
};

int count_acts() {
  PowerLoss whole(Disk::honest);
  whole.live();
  return whole.acts();
}

TEST(PowerLossTest, NothingAcknowledgedIsLostWhereverThePowerGoes) {
  const int acts = count_acts();
  ASSERT_GT(acts, 100);
  for (int n = 1; n <= acts; ++n) {
    const auto seed = static_cast<std::uint64_t>(n) * 7;
    // A fresh seed a run would find more in time, but a failure must be the next run's too.
    EXPECT_EQ(PowerLoss(Disk::honest).cut_at(n, seed), "") << "cut at " << n << ", seed " << seed;
  }
}

TEST(PowerLossTest, ADiskThatDoesNotFlushIsCaught) {
  const int acts = count_acts();
  int caught = 0;
  for (int n = 40; n <= acts; n += 20) {
    caught += PowerLoss(Disk::lying).cut_at(n, 1).empty() ? 0 : 1;
  }
  EXPECT_GT(caught, 3);
}

}  // namespace
}  // namespace belfry::store::sqlite
