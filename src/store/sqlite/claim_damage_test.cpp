#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/sqlite/database.hpp"
#include "store/sqlite/temporary_folder.hpp"
#include "store/sqlite/workload.hpp"

// What is claimed is what was submitted: a task with a changed part is passed by and reported.
namespace belfry::store::sqlite {
namespace {

class ClaimDamageTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto store = open(folder_.options());
    workload_.submit(*store, 3);
  }
  // Of the task that would be claimed first.
  void change(const std::string& assignment) {
    Database db(folder_.file(), Access::read_write, 1024 * 1024);
    db.execute(
        fmt::format("UPDATE bodies SET {} WHERE seq = (SELECT min(seq) FROM bodies)", assignment));
  }
  TaskId first() const { return workload_.acknowledged().begin()->first; }
  std::vector<TaskId> claim_all(Backend& store) {
    Claim claim;
    store.make_reader()->read([&](Snapshot& s) {
      claim.queue = s.queues().find(workload_.tenant(), "default")->queue.no;
    });
    claim.lanes = lane_bit(domain::Lane::by_queue_default);
    claim.max = 9;
    Job job{.command = claim};
    Job* jobs[] = {&job};
    store.writer().run(jobs);
    std::vector<TaskId> ids;
    for (const auto& task : std::get<Claim::Reply>(*job.reply).tasks) ids.push_back(task.id);
    return ids;
  }

  TemporaryFolder folder_;
  Workload workload_;
};

TEST_F(ClaimDamageTest, SoundTasksAreClaimed) {
  const auto store = open(folder_.options());
  EXPECT_EQ(claim_all(*store).size(), 3U);
  EXPECT_EQ(store->damage().rows(), 0U);
}

std::string hex_of(const domain::TaskOptions& options) {
  std::string hex;
  for (const char byte : domain::encode(options)) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return hex;
}

TEST_F(ClaimDamageTest, ATaskWithAnyChangedPartIsPassedByAndReported) {
  domain::TaskOptions other;  // valid, and not those of the task
  other.tags = {"red"};
  for (const auto& assignment :
       {std::string("payload = replace(payload, 'xxx', 'xyx')"), std::string("payload = ''"),
        std::string("name = 'mall'"), std::string("name = ''"),
        fmt::format("options = x'{}'", hex_of(other)), std::string("options = x'ff'"),
        std::string("checksum = checksum + 1"), std::string("checksum = 0")}) {
    const TemporaryFolder sound;
    std::filesystem::copy_file(folder_.file(), sound.file());
    change(assignment);
    {
      const auto store = open(folder_.options());
      const auto claimed = claim_all(*store);
      EXPECT_EQ(claimed.size(), 2U) << assignment;
      EXPECT_EQ(std::ranges::count(claimed, first()), 0) << assignment;
      EXPECT_EQ(store->damage().rows(), 1U) << assignment;
      EXPECT_EQ(store->damage().take_tasks(), (std::vector{std::pair(workload_.tenant(), first())}))
          << assignment;
    }
    std::filesystem::copy_file(sound.file(), folder_.file(),
                               std::filesystem::copy_options::overwrite_existing);
  }
}

}  // namespace
}  // namespace belfry::store::sqlite
