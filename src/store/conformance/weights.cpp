// What one look into the store may weigh: no answer brings all payloads into memory at once.
#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;
using HeldBy = Claim::HeldBy;

constexpr std::size_t kLarge = 256 * 1024 - 1'024;

domain::NewTask a_large_task(Bed& bed, TenantId tenant) {
  auto task = bed.a_task(tenant);
  task.payload = "\"" + std::string(kLarge, 'x') + "\"";
  return task;
}

std::size_t weight_of(const Claim::Reply& reply) {
  std::size_t bytes = 0;
  for (const auto& task : reply.tasks) bytes += task.bytes;
  return bytes;
}

TEST_P(StoreConformance, AClaimEndsOnceItWeighsEnough) {
  const auto tenant = bed.add_tenant();
  for (int i = 0; i < 5; ++i) bed.submit(a_large_task(bed, tenant));
  auto claim = bed.a_claim(tenant, "default", 5);
  claim.bytes_max = 2 * kLarge + 100;
  const auto first = bed.claim(claim);
  EXPECT_EQ(first.tasks.size(), 3U) << "the task that passes the limit is the last one";
  EXPECT_EQ(first.held_by, HeldBy::bytes);
  EXPECT_EQ(first.tasks[0].bytes, first.tasks[0].payload.size());
  const auto second = bed.claim(claim);
  EXPECT_EQ(second.tasks.size(), 2U);
  EXPECT_EQ(second.held_by, HeldBy::empty);
}

TEST_P(StoreConformance, AClaimTakesOneTaskHoweverLarge) {
  const auto tenant = bed.add_tenant();
  for (int i = 0; i < 2; ++i) bed.submit(a_large_task(bed, tenant));
  auto claim = bed.a_claim(tenant, "default", 2);
  claim.bytes_max = 1;
  EXPECT_EQ(bed.claim(claim).tasks.size(), 1U);
  claim.bytes_max = 0;
  EXPECT_TRUE(bed.claim(claim).tasks.empty());
}

class Room final : public ClaimRoom {
 public:
  explicit Room(std::size_t left) : left_(left) {}
  std::size_t left() const override { return left_; }
  void hold(std::size_t bytes) override { held += bytes; }
  std::size_t held = 0;

 private:
  std::size_t left_;
};

TEST_P(StoreConformance, AClaimTakesNoMoreThanTheSmallerOfItsLimitAndItsRoom) {
  constexpr std::size_t kMany = 100 * kLarge;
  struct Bounds {
    std::size_t limit, room, taken;
  };
  for (const auto& [limit, room, taken] :
       {Bounds{kLarge + 100, kMany, 2}, Bounds{kMany, kLarge + 100, 2}, Bounds{kMany, kMany, 4},
        Bounds{kMany, 0, 0}}) {
    const auto tenant = bed.add_tenant();
    for (int i = 0; i < 4; ++i) bed.submit(a_large_task(bed, tenant));
    const auto keeper = std::make_shared<Room>(room);
    auto claim = bed.a_claim(tenant, "default", 9);
    claim.bytes_max = limit;
    claim.room = keeper;
    const auto reply = bed.claim(claim);
    EXPECT_EQ(reply.tasks.size(), taken);
    EXPECT_EQ(reply.held_by, taken < 4 ? HeldBy::bytes : HeldBy::empty);
    EXPECT_EQ(keeper->held, weight_of(reply));
  }
}

TEST_P(StoreConformance, ATaskWeighsItsOptionsToo) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant);
  domain::HttpTarget target;
  target.url = "https://example.com/run";
  target.headers = {{"X-Large", std::string(4'000, 'h')}};
  task.options.target = target;
  bed.submit(task);
  EXPECT_GT(bed.claim_one(tenant).bytes, 4'000 + task.payload.size());
}

TEST_P(StoreConformance, TheClaimsOfATransactionShareALimit) {
  const auto tenant = bed.add_tenant();
  constexpr int kTasks = 3 * domain::kClaimBytesACommit / kLarge;
  for (int i = 0; i < kTasks; ++i) bed.submit(a_large_task(bed, tenant));
  const std::vector<Command> claims(10, bed.a_claim(tenant, "default", 1'000));
  const auto replies = bed.ask_all(claims);
  std::size_t bytes = 0;
  for (const auto& reply : replies) bytes += weight_of(std::get<Claim::Reply>(*reply));
  EXPECT_GE(bytes, domain::kClaimBytesACommit);
  EXPECT_LT(bytes, domain::kClaimBytesACommit + domain::kPayloadBytesMax);
  const auto& last = std::get<Claim::Reply>(*replies.back());
  EXPECT_TRUE(last.tasks.empty());
  EXPECT_EQ(last.held_by, HeldBy::bytes) << "there is more, and the next transaction gives it";
  EXPECT_FALSE(bed.claim(bed.a_claim(tenant)).tasks.empty());
}

TEST_P(StoreConformance, APageEndsOnceItWeighsEnoughAndTheNextGoesOn) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> wanted;
  constexpr std::size_t kAPage = domain::kPageBytesMax / kLarge + 1;
  for (std::size_t i = 0; i < kAPage + 3; ++i)
    wanted.push_back(bed.submit(a_large_task(bed, tenant)));
  std::ranges::reverse(wanted);
  const auto page = [&](std::optional<TaskId> before, bool summary) {
    return bed.read([&](Snapshot& s) { return s.tasks().query(tenant, {}, before, 500, summary); });
  };
  auto first = page({}, false);
  EXPECT_EQ(first.tasks.size(), kAPage);
  ASSERT_TRUE(first.next);
  const auto second = page(first.next, false);
  EXPECT_FALSE(second.next);
  std::vector<TaskId> ids;
  for (const auto& row : first.tasks) ids.push_back(row.id);
  for (const auto& row : second.tasks) ids.push_back(row.id);
  EXPECT_EQ(ids, wanted);
  EXPECT_EQ(page({}, true).tasks.size(), wanted.size()) << "a summary weighs no payload";
}

TEST_P(StoreConformance, WhoNeedsNoPayloadReadsNone) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant);
  task.expires_at = bed.now() + Millis{10};
  bed.submit(task);
  const auto summary =
      bed.read([&](Snapshot& s) { return s.tasks().find_summary(tenant, task.id); });
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->name, task.name);
  EXPECT_EQ(summary->payload, "");
  EXPECT_FALSE(bed.read([&](Snapshot& s) {
    return s.tasks().find_summary(bed.make_id<TenantId>(), task.id);
  })) << "a foreign task is unknown";
  bed.advance(Millis{10});
  const auto overdue =
      bed.read([&](Snapshot& s) { return s.tasks().overdue_all_tenants(bed.at(), 10); });
  ASSERT_EQ(overdue.size(), 1U);
  EXPECT_EQ(overdue[0].payload, "");
  bed.submit(tenant);
  bed.claim_one(tenant);
  bed.advance(kLease);
  const auto lost = bed.read([&](Snapshot& s) { return s.tasks().lost_all_tenants(bed.at(), 10); });
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].first.payload, "");
}

}  // namespace
}  // namespace belfry::store::conformance
