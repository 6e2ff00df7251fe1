#include <gtest/gtest.h>

#include "store/sqlite/temporary_folder.hpp"
#include "store/sqlite/workload.hpp"

// What the store knows of the newest moment and the newest task, over restarts and pruning: a start
// judges its clock by the one and makes its ids behind the other.
namespace belfry::store::sqlite {
namespace {

class NewestTest : public testing::Test {
 protected:
  void open_store() {
    store_.reset();
    store_ = open(folder_.options(&clock_));
  }
  // A commit that adds no task.
  void commit() {
    Job job{.command = MoveDue{}};
    Job* jobs[] = {&job};
    store_->writer().run(jobs);
  }
  std::optional<Timestamp> time() { return store_->facts().newest_time; }

  TemporaryFolder folder_;
  ManualClock clock_;
  Workload workload_;
  std::unique_ptr<Backend> store_;
};

TEST_F(NewestTest, TheNewestTimeIsThatOfTheLastCommitToASecond) {
  open_store();
  EXPECT_FALSE(time()) << "nothing was committed yet";
  const auto first = clock_.now();
  commit();
  EXPECT_EQ(time(), first);
  clock_.advance(Millis{999});
  commit();
  EXPECT_EQ(time(), first) << "it is written once a second";
  clock_.advance(Millis{1});
  commit();
  EXPECT_EQ(time(), clock_.now());
  open_store();
  EXPECT_EQ(time(), first + Millis{1'000});
  clock_.advance(Millis{1});
  commit();
  EXPECT_EQ(time(), clock_.now()) << "a start writes it with its first commit";
}

TEST_F(NewestTest, TheNewestTimeFollowsAClockThatWasSetBack) {
  open_store();
  commit();
  clock_.advance(-std::chrono::hours{1});
  open_store();
  commit();
  EXPECT_EQ(time(), clock_.now());
}

TEST_F(NewestTest, AClockInDoubtLeavesTheNewestTimeAsItWas) {
  open_store();
  const auto trusted = clock_.now();
  commit();
  clock_.advance(std::chrono::hours{24 * 31});
  clock_.set_in_doubt(true);
  open_store();
  commit();
  EXPECT_EQ(time(), trusted) << "the next start judges by it again";
  clock_.set_in_doubt(false);
  commit();
  EXPECT_EQ(time(), clock_.now());
}

TEST_F(NewestTest, TheNewestKeyOutlivesItsTaskOverRestartsWithAnyClock) {
  open_store();
  workload_.submit(*store_, 1);
  const auto newest = workload_.acknowledged().rbegin()->first.uuid.high;
  clock_.advance(Millis{1'000});  // it is written once a second
  workload_.claim(*store_, 1);
  workload_.finish_one(*store_);
  workload_.prune(*store_);
  ASSERT_TRUE(workload_.acknowledged().empty());
  for (const bool in_doubt : {false, true, false}) {
    clock_.set_in_doubt(in_doubt);
    open_store();
    EXPECT_EQ(store_->facts().highest_id_high, newest);
    commit();
    EXPECT_EQ(store_->facts().highest_id_high, newest) << in_doubt;
    clock_.advance(Millis{1'000});
    commit();
    EXPECT_EQ(store_->facts().highest_id_high, newest) << in_doubt;
  }
}

// Ids never go back with the clock, so a page must know how far they were ever ahead of it.
TEST_F(NewestTest, ATaskOfAnEarlierClockIsFoundByItsTime) {
  constexpr std::chrono::hours kBack{10};
  open_store();
  workload_.submit(*store_, 1);
  Submit submit;
  submit.task.id = workload_.acknowledged().rbegin()->first;
  ++submit.task.id.uuid.low;
  submit.task.id.uuid.high += 0x10000;  // a millisecond later
  clock_.advance(-kBack);
  open_store();
  submit.task.tenant = workload_.tenant();
  submit.task.name = "mail";
  submit.task.payload = "{}";
  submit.task.submitted_at = clock_.now();
  Job job{.command = submit};
  Job* jobs[] = {&job};
  store_->writer().run(jobs);
  ASSERT_TRUE(job.reply);
  const auto found = [&] {
    TaskFilter filter;
    filter.created_to = submit.task.submitted_at + Millis{1};
    std::vector<TaskId> ids;
    store_->make_reader()->read([&](Snapshot& s) {
      for (const auto& row : s.tasks().query(workload_.tenant(), filter, {}, 9, true).tasks) {
        ids.push_back(row.id);
      }
    });
    return ids;
  };
  EXPECT_EQ(found(), std::vector{submit.task.id});
  clock_.advance(kBack - std::chrono::hours{1});  // less behind than before
  open_store();
  EXPECT_EQ(found(), std::vector{submit.task.id});
}

}  // namespace
}  // namespace belfry::store::sqlite
