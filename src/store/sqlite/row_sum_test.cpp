#include "store/sqlite/row_sum.hpp"

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

// What is damaged outside the texts of tasks is told, and not served.
namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kCache = 1024 * 1024;

// What the store says of all tasks of the tenant, as far as it comes from their rows.
std::map<TaskId, std::string> told(Backend& store, TenantId tenant, bool summary = false) {
  std::map<TaskId, std::string> tasks;
  store.make_reader()->read([&](Snapshot& s) {
    std::optional<TaskId> before;
    do {
      auto page = s.tasks().query(tenant, {}, before, 100, summary);
      for (const auto& t : page.tasks) {
        const auto ms = [](std::optional<Timestamp> time) { return time ? to_ms(*time) : -1; };
        tasks[t.id] = fmt::format(
            "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", t.name, t.payload, t.result,
            t.error, t.worker, static_cast<int>(t.status), t.priority, t.max_attempts, t.run,
            t.attempt, t.run_attempt, t.failures, to_ms(t.submitted_at), ms(t.scheduled_for),
            ms(t.expires_at), ms(t.next_at), ms(t.started_at), ms(t.finished_at));
      }
      before = page.next;
    } while (before);
  });
  return tasks;
}

class RowSumTest : public testing::Test {
 protected:
  void make_store(const std::function<void(Backend&)>& fill, const Clock* clock = nullptr) {
    {
      auto store = open(folder_.options(clock));
      fill(*store);
    }
    std::filesystem::copy_file(folder_.file(), sound());
  }
  std::string sound() const { return folder_.file() + ".sound"; }
  void restore() {
    std::filesystem::copy_file(sound(), folder_.file(),
                               std::filesystem::copy_options::overwrite_existing);
  }
  void change_file(const std::string& sql) {
    Database db(folder_.file(), Access::read_write, kCache);
    db.execute("PRAGMA ignore_check_constraints = ON");
    db.execute(sql);
  }
  // A task's row after `sql` changed it: is it reported, and do reads and lists keep it back?
  std::string outcome_of(const std::string& sql, TaskId id) {
    restore();
    change_file(sql);
    auto store = open(folder_.options());
    const auto reader = store->make_reader();
    std::string outcome;
    reader->read([&](Snapshot& s) {
      try {
        const auto task = s.tasks().find(workload_.tenant(), id);
        outcome = task ? "served" : "no such task";
      } catch (const Damaged&) {
        outcome = "kept back";
      }
    });
    for (const bool summary : {false, true}) {
      reader->read([&](Snapshot& s) {
        for (const auto& task :
             s.tasks().query(workload_.tenant(), {}, std::nullopt, 100, summary).tasks) {
          if (task.id == id && task.damage.empty()) {
            outcome += summary ? ", summed up" : ", listed";
          }
        }
      });
    }
    outcome += scrub_all(*store) > 0 ? ", reported" : "";
    return outcome;
  }
  static Result<Reply> run(Backend& store, Command command) {
    Job job{.command = std::move(command)};
    Job* jobs[] = {&job};
    store.writer().run(jobs);
    return std::move(job.reply);
  }
  static std::vector<Claim::Task> claim_all(Backend& store, TenantId tenant,
                                            LeaseKind kind = LeaseKind::worker, int max = 10) {
    Claim claim;
    store.make_reader()->read(
        [&](Snapshot& s) { claim.queue = s.queues().list(tenant).at(0).queue.no; });
    claim.lanes = lane_bit(domain::Lane::by_queue_default);
    claim.max = max;
    claim.kind = kind;
    return std::get<Claim::Reply>(*run(store, claim)).tasks;
  }
  // What an attempt may write of its task without ending it.
  Result<Reply> write_as(int kind, Backend& store, const Claim::Task& task) {
    if (kind == 0) {
      Renew renew;
      renew.tenant = task.tenant;
      renew.id = task.id;
      renew.token = task.token;
      renew.accepted = true;
      return run(store, renew);
    }
    if (kind == 1) {
      SendAgain again;
      again.tenant = task.tenant;
      again.id = task.id;
      again.token = task.token;
      return run(store, again);
    }
    Finish finish;
    finish.tenant = task.tenant;
    finish.id = task.id;
    finish.token = task.token;
    finish.verdict = kind == 2 ? Verdict::retry : Verdict::released;
    finish.next_at = clock_.now() + std::chrono::minutes{30};
    if (kind == 3) {
      finish.unsent = true;
      finish.next_at.reset();
      finish.parking = Parking{"https://example.com", "/", clock_.now(), clock_.now(), Millis{1}};
    }
    return run(store, finish);
  }
  // Of eight that wait: renewed, sent again, put back, parked; leased to a worker and to a push.
  void leave_one_of_each_kind(Backend& store) {
    for (int kind = 0; kind < 4; ++kind) {
      const auto task = claim_all(store, workload_.tenant(), LeaseKind::push, 1).at(0);
      EXPECT_TRUE(write_as(kind, store, task)) << kind;
    }
    claim_all(store, workload_.tenant(), LeaseKind::push, 1);
    claim_all(store, workload_.tenant(), LeaseKind::worker, 1);
  }
  // What a start may change of each row.
  std::vector<std::string> times() {
    Database db(folder_.file(), Access::read_only, kCache);
    auto row = db.composed_statement(
        "SELECT next_at || ' ' || rank || ' ' || coalesce(started_at, '') || ' ' || "
        "coalesce(refused_at, '') FROM live ORDER BY seq");
    std::vector<std::string> found;
    while (row.step()) found.emplace_back(row.text(0));
    return found;
  }
  // Changed so, whatever its type, none of them stays as it was.
  static std::string changed(const char* table, const char* column) {
    return fmt::format(
        "UPDATE {0} SET {1} = CASE typeof({1}) WHEN 'integer' THEN {1} + 4 WHEN 'null' THEN 5 "
        "ELSE {1} || 'x' END",
        table, column);
  }
  std::vector<std::string> columns(const std::string& table) {
    restore();
    Database db(folder_.file(), Access::read_write, kCache);
    auto row = db.composed_statement(
        fmt::format("SELECT name FROM pragma_table_info('{}') WHERE name <> 'seq'", table));
    std::vector<std::string> names;
    while (row.step()) names.emplace_back(row.text(0));
    return names;
  }
  void expect_every_column_covered(const char* table, TaskId id) {
    ASSERT_EQ(outcome_of(fmt::format("UPDATE {0} SET tenant = tenant", table), id),
              "served, listed, summed up")
        << "nothing has changed";
    const auto names = columns(table);
    ASSERT_GT(names.size(), 9U);
    for (const auto& column : names) {
      const auto outcome = outcome_of(changed(table, column.c_str()), id);
      // A summary leaves payloads and results unread, and what covers them alone.
      const bool of_text = column == "payload" || column == "result" ||
                           (column == "checksum" && std::string(table) != "live");
      const bool other = column == "id_low" || column == "tenant";  // another's task, or another
      if (of_text) {
        EXPECT_TRUE(outcome == "kept back, reported" || outcome == "kept back, summed up, reported")
            << column << ": " << outcome;
      } else if (!other) {
        EXPECT_EQ(outcome, "kept back, reported") << column;
      } else {
        EXPECT_TRUE(outcome == "kept back, reported" || outcome == "no such task, reported")
            << column << ": " << outcome;
      }
    }
  }

  TemporaryFolder folder_;
  ManualClock clock_;
  Workload workload_;
};

TEST_F(RowSumTest, CodeAndStatementsAgree) {
  make_store([&](Backend& store) { workload_.submit(store, 1); });
  Database db(folder_.file(), Access::read_write, kCache);
  auto row = db.composed_statement(
      "SELECT row_sum(1, -2, NULL, 'text', 2.5), row_fits(0, 7), "
      "row_fits(NULL, 7), row_fits(-1, 7), row_sum(7), row_sum('7')");
  ASSERT_TRUE(row.step());
  RowSum sum(5);
  sum.add(std::int64_t{1})
      .add(std::int64_t{-2})
      .add_null()
      .add_text(std::string_view("text"))
      .add_real(2.5);
  EXPECT_EQ(row.integer(0), sum.value());
  EXPECT_EQ(row.integer(1), 1) << "a row of before";
  EXPECT_EQ(row.integer(2), 1) << "a row of before";
  EXPECT_EQ(row.integer(3), 0) << "a row that was damaged when it was changed";
  EXPECT_NE(row.integer(4), row.integer(5)) << "types count";
  EXPECT_TRUE(fits(0, RowSum(1)));
  EXPECT_FALSE(fits(-1, RowSum(1)));
}

TEST_F(RowSumTest, EveryColumnOfAWaitingTaskIsCovered) {
  make_store([&](Backend& store) { workload_.submit(store, 1); });
  const auto id = workload_.acknowledged().begin()->first;
  expect_every_column_covered("bodies", id);
  expect_every_column_covered("live", id);
}

TEST_F(RowSumTest, EveryColumnOfARunningTaskIsCovered) {
  make_store([&](Backend& store) {
    workload_.submit(store, 1);
    workload_.claim(store, 1);
  });
  expect_every_column_covered("live", workload_.acknowledged().begin()->first);
}

TEST_F(RowSumTest, EveryColumnOfAFinishedTaskIsCovered) {
  make_store([&](Backend& store) {
    workload_.submit(store, 1);
    workload_.claim(store, 1);
    workload_.finish_one(store);
  });
  expect_every_column_covered("outcomes", workload_.acknowledged().begin()->first);
}

// A statement that forgets the sum, as the next one that somebody writes might.
TEST_F(RowSumTest, AStatementThatKeepsTheOldSumIsNoticed) {
  make_store([&](Backend& store) { workload_.submit(store, 3); });
  change_file(
      "UPDATE live SET parked = NULL, next_at = next_at + 1 WHERE seq = "
      "(SELECT min(seq) FROM live)");
  auto store = open(folder_.options());
  EXPECT_EQ(scrub_all(*store), 1U);
}

// Starts change rows that nobody has read before. A sound row stays sound, and damage stays damage.
TEST_F(RowSumTest, AStartUnderAnEarlierClockKeepsSumsRight) {
  Renew renew;
  make_store(
      [&](Backend& store) {
        workload_.submit(store, 9);
        const auto long_running = claim_all(store, workload_.tenant(), LeaseKind::worker, 1).at(0);
        renew.tenant = long_running.tenant;
        renew.id = long_running.id;
        renew.token = long_running.token;
        renew.extend = domain::kLeaseMax;
      },
      &clock_);
  clock_.advance(std::chrono::hours{1});
  {
    auto store = open(folder_.options(&clock_));
    leave_one_of_each_kind(*store);
    EXPECT_TRUE(run(*store, renew));
    EXPECT_EQ(scrub_all(*store), 0U);
  }
  std::filesystem::copy_file(folder_.file(), sound(),
                             std::filesystem::copy_options::overwrite_existing);
  clock_.advance(-std::chrono::minutes{59});
  for (const bool damaged : {false, true}) {
    restore();
    if (damaged) change_file("UPDATE live SET failures = failures + 7");
    const auto before = times();
    auto store = open(folder_.options(&clock_));
    const auto after = times();
    int changed = 0;
    for (std::size_t i = 0; i < before.size(); ++i) changed += before[i] == after[i] ? 0 : 1;
    EXPECT_EQ(changed, 7) << "all but the two that nobody has claimed";
    EXPECT_EQ(scrub_all(*store), damaged ? 9U : 0U);
  }
}

TEST_F(RowSumTest, TheStartOfARestoredStoreKeepsSumsRight) {
  make_store(
      [&](Backend& store) {
        workload_.submit(store, 8);
        leave_one_of_each_kind(store);
      },
      &clock_);
  for (const bool damaged : {false, true}) {
    restore();
    if (damaged) change_file("UPDATE live SET failures = failures + 7");
    auto options = folder_.options(&clock_);
    options.restored = true;
    auto store = open(options);
    EXPECT_EQ(scrub_all(*store), damaged ? 8U : 0U);
  }
}

// Its claim is remembered, so that the row is not read again.
TEST_F(RowSumTest, DamageOfARunningTaskOutlivesWhatItsAttemptWrites) {
  for (int kind = 0; kind < 4; ++kind) {
    for (const bool damaged : {false, true}) {
      TemporaryFolder folder;
      Workload workload;
      auto store = open(folder.options(&clock_));
      workload.submit(*store, 1);
      const auto task = claim_all(*store, workload.tenant(), LeaseKind::worker).at(0);
      if (damaged) {
        Database db(folder.file(), Access::read_write, kCache);
        db.execute("UPDATE live SET failures = failures + 7");
      }
      EXPECT_TRUE(write_as(kind, *store, task)) << kind;
      EXPECT_EQ(scrub_all(*store), damaged ? 1U : 0U) << kind;
    }
  }
}

TEST_F(RowSumTest, DamageOfAParkedTaskOutlivesItsParking) {
  for (const bool damaged : {false, true}) {
    TemporaryFolder folder;
    Workload workload;
    auto store = open(folder.options(&clock_));
    workload.submit(*store, 1);
    const auto task = claim_all(*store, workload.tenant(), LeaseKind::push).at(0);
    ASSERT_TRUE(write_as(3, *store, task));
    if (damaged) {
      Database db(folder.file(), Access::read_write, kCache);
      db.execute("UPDATE live SET failures = failures + 7");
    }
    std::size_t unparked = 0;
    ASSERT_TRUE(run(*store, TransactFn([&](Transaction& tx) -> Result<> {
      unparked = tx.destination_writes()
                     .unpark({task.tenant, "https://example.com", "/"}, std::nullopt, 10)
                     .tasks.size();
      return {};
    })));
    EXPECT_EQ(unparked, 1U);
    EXPECT_EQ(scrub_all(*store), damaged ? 1U : 0U);
  }
}

TEST_F(RowSumTest, ATaskThatEndedBecauseOfDamageIsNotServedAfterwards) {
  make_store([&](Backend& store) { workload_.submit(store, 1); });
  change_file("UPDATE live SET attempt = 77");
  auto store = open(folder_.options());
  End end;
  end.tenant = workload_.tenant();
  end.id = workload_.acknowledged().begin()->first;
  EXPECT_FALSE(run(*store, end)) << "a cancellation is refused";
  end.status = domain::Status::failed;
  end.error = kDamagedCode;
  EXPECT_TRUE(run(*store, end));
  store->make_reader()->read([&](Snapshot& s) {
    EXPECT_THROW(s.tasks().find(end.tenant, end.id), Damaged);
    const auto page = s.tasks().query(end.tenant, {}, std::nullopt, 10, true);
    ASSERT_EQ(page.tasks.size(), 1U);
    EXPECT_EQ(page.tasks[0].status, domain::Status::failed);
    EXPECT_TRUE(page.tasks[0].error.starts_with(kDamagedCode)) << page.tasks[0].error;
  });
}

TEST_F(RowSumTest, ARowOfBeforeIsServedAndGetsItsSumWithTheNextWrite) {
  make_store([&](Backend& store) { workload_.submit(store, 1); });
  change_file("UPDATE live SET checksum = NULL");
  auto store = open(folder_.options());
  EXPECT_EQ(scrub_all(*store), 0U);
  workload_.claim(*store, 1);
  store.reset();
  const auto id = workload_.acknowledged().begin()->first;
  std::filesystem::remove(sound());
  std::filesystem::copy_file(folder_.file(), sound());
  EXPECT_EQ(outcome_of("UPDATE live SET attempt = 9", id), "kept back, reported");
}

TEST_F(RowSumTest, AClaimPassesADamagedRowBy) {
  make_store([&](Backend& store) { workload_.submit(store, 3); });
  for (const auto* column :
       {"run", "attempt", "run_attempt", "failures", "next_at", "started_at", "resent_run"}) {
    restore();
    change_file(changed("live", column) + " WHERE seq = (SELECT min(seq) FROM live)");
    auto store = open(folder_.options());
    EXPECT_EQ(claim_all(*store, workload_.tenant()).size(), 2U) << column;
    EXPECT_EQ(store->damage().take_tasks().size(), 1U) << column;
  }
}

// The running task is known from memory, and its row is another by now.
TEST_F(RowSumTest, AnEndOfARowThatChangedUnderneathIsRefused) {
  auto store = open(folder_.options());
  workload_.submit(*store, 1);
  const auto task = claim_all(*store, workload_.tenant()).at(0);
  change_file("UPDATE live SET lease_secret = lease_secret + 1");
  Finish finish;
  finish.tenant = workload_.tenant();
  finish.id = task.id;
  finish.token = task.token;
  const auto reply = run(*store, finish);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::storage_unavailable);
  EXPECT_EQ(store->damage().take_tasks().size(), 1U);
  End end;
  end.tenant = workload_.tenant();
  end.id = task.id;
  end.status = domain::Status::failed;
  end.error = kDamagedCode;
  EXPECT_TRUE(run(*store, end)) << "and it can be ended as damaged";
  EXPECT_EQ(told(*store, workload_.tenant()).size(), 1U);
}

// One bit anywhere in the file: tasks are told as they were, or the damage is told.
TEST_F(RowSumTest, NoSingleBitChangesWhatIsToldOfTasksUnnoticed) {
  make_store([&](Backend& store) { workload_.run(store, 4); });
  const auto size = std::filesystem::file_size(sound());
  const auto before = told(*open(folder_.options()), workload_.tenant());
  ASSERT_GT(before.size(), 10U);
  int noticed = 0, same = 0;
  std::mt19937_64 random(7);
  for (int i = 0; i < 400; ++i) {
    restore();
    const auto at = static_cast<std::streamoff>(random() % size);
    {
      std::fstream file(folder_.file(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(at);
      const auto byte = static_cast<char>(file.get() ^ (1 << (random() % 8)));
      file.seekp(at);
      file.put(byte);
    }
    std::unique_ptr<Backend> store;
    try {
      store = open(folder_.options());
    } catch (const std::runtime_error&) {  // refused
      ++noticed;
      continue;
    }
    const bool reported = scrub_all(*store) > 0;
    if (!reported) {
      EXPECT_EQ(told(*store, workload_.tenant()), before) << "byte " << at;
    }
    ++(reported ? noticed : same);
  }
  EXPECT_GT(noticed, 20);
  EXPECT_GT(same, 50) << "most of the file is indexes and free space";
}

}  // namespace
}  // namespace belfry::store::sqlite
