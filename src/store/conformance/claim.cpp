#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

using domain::Status;
using HeldBy = Claim::HeldBy;

std::vector<TaskId> ids_of(const Claim::Reply& reply) {
  std::vector<TaskId> ids;
  for (const auto& task : reply.tasks) ids.push_back(task.id);
  return ids;
}

TEST_P(StoreConformance, ClaimGivesTheWholeTaskALeaseAndAToken) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant, "mails");
  task.options.tags = {"red"};
  task.expires_at = bed.now() + std::chrono::hours(1);
  bed.submit(task);
  bed.advance(Millis{250});

  const auto claimed = bed.claim_one(tenant, "mails");

  EXPECT_EQ(claimed.id, task.id);
  EXPECT_EQ(claimed.tenant, tenant);
  EXPECT_EQ(claimed.queue_name, "mails");
  EXPECT_EQ(claimed.name, task.name);
  EXPECT_EQ(claimed.payload, task.payload);
  EXPECT_EQ(claimed.options, task.options);
  EXPECT_EQ(claimed.expires_at, task.expires_at);
  EXPECT_EQ(claimed.submitted_at, task.submitted_at);
  EXPECT_EQ(claimed.started_at, bed.now());
  EXPECT_EQ(claimed.lease_until, bed.now() + kLease);
  EXPECT_EQ(claimed.token.attempt, 1);
  EXPECT_GT(claimed.token.secret, 0);
  EXPECT_EQ(claimed.run_attempt, 1);
  EXPECT_EQ(claimed.failures, 0);
  const auto row = bed.row(tenant, task.id);
  EXPECT_EQ(row.status, Status::running);
  EXPECT_EQ(row.attempt, 1);
  EXPECT_EQ(row.worker, "w1");
  EXPECT_EQ(row.started_at, bed.now());
  EXPECT_EQ(row.next_at, bed.now() + kLease);
}

TEST_P(StoreConformance, ATaskIsClaimedOnceAtATime) {
  const auto tenant = bed.add_tenant();
  bed.submit(tenant);
  const auto claim = bed.a_claim(tenant);
  const auto replies = bed.ask_all({claim, claim});
  EXPECT_EQ(std::get<Claim::Reply>(*replies[0]).tasks.size(), 1U);
  EXPECT_TRUE(std::get<Claim::Reply>(*replies[1]).tasks.empty());
  EXPECT_EQ(std::get<Claim::Reply>(*replies[1]).held_by, HeldBy::empty);
}

TEST_P(StoreConformance, ClaimGoesByRank) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> ids;
  for (const int priority : {1, 5, 10, 5}) {
    auto task = bed.a_task(tenant);
    task.priority = priority;
    ids.push_back(bed.submit(task));
  }
  EXPECT_EQ(ids_of(bed.claim(bed.a_claim(tenant, "default", 10))),
            (std::vector{ids[2], ids[1], ids[3], ids[0]}));
}

TEST_P(StoreConformance, WaitingOutweighsPriorityByTheQueuesAging) {
  const auto tenant = bed.add_tenant();
  domain::QueueSettings settings;
  settings.aging = Millis{10'000};
  bed.put_queue(tenant, "q", settings);
  auto low = bed.a_task(tenant, "q");
  low.priority = 1;
  bed.submit(low);
  // Nine levels are worth 90 s: at 90 s both weigh the same, and the elder goes first.
  bed.advance(Millis{89'999});
  auto early = bed.a_task(tenant, "q");
  early.priority = 10;
  bed.submit(early);
  bed.advance(Millis{2});
  auto late = bed.a_task(tenant, "q");
  late.priority = 10;
  bed.submit(late);
  EXPECT_EQ(ids_of(bed.claim(bed.a_claim(tenant, "q", 10))),
            (std::vector{early.id, low.id, late.id}));
}

TEST_P(StoreConformance, ClaimMergesTheLanesAskedForByRank) {
  const auto tenant = bed.add_tenant();
  const auto add = [&](std::optional<domain::Target> target, int priority) {
    auto task = bed.a_task(tenant);
    task.options.target = std::move(target);
    task.priority = priority;
    return bed.submit(task);
  };
  const auto by_default = add({}, 5);
  const auto push = add(domain::EchoTarget{}, 6);
  const auto worker = add(domain::WorkerTarget{}, 7);
  auto claim = bed.a_claim(tenant, "default", 10);
  claim.lanes = lane_bit(domain::Lane::push) | lane_bit(domain::Lane::by_queue_default);
  EXPECT_EQ(ids_of(bed.claim(claim)), (std::vector{push, by_default}));
  claim.lanes = lane_bit(domain::Lane::worker);
  EXPECT_EQ(ids_of(bed.claim(claim)), std::vector{worker});
}

TEST_P(StoreConformance, ReadyLanesNameExactlyWhatWaits) {
  const auto tenant = bed.add_tenant();
  const auto lanes = [&] {
    return bed.read([](Snapshot& s) { return s.tasks().ready_lanes_all_tenants(); });
  };
  EXPECT_TRUE(lanes().empty());
  auto task = bed.a_task(tenant, "a");
  task.options.target = domain::WorkerTarget{};
  bed.submit(task);
  bed.submit(bed.a_task(tenant, "a"));
  auto later = bed.a_task(tenant, "b");
  later.scheduled_for = bed.now() + Millis{1'000};
  bed.submit(later);
  const auto found = lanes();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].first, bed.a_claim(tenant, "a").queue);
  EXPECT_EQ(found[0].second,
            lane_bit(domain::Lane::worker) | lane_bit(domain::Lane::by_queue_default));
  bed.claim(bed.a_claim(tenant, "a", 10));
  EXPECT_TRUE(lanes().empty());
}

TEST_P(StoreConformance, APausedQueueAcceptsAndHoldsBack) {
  const auto tenant = bed.add_tenant();
  domain::QueueSettings settings;
  settings.paused = true;
  bed.put_queue(tenant, "q", settings);
  bed.submit(bed.a_task(tenant, "q"));
  const auto held = bed.claim(bed.a_claim(tenant, "q"));
  EXPECT_TRUE(held.tasks.empty());
  EXPECT_EQ(held.held_by, HeldBy::queue_paused);
  settings.paused = false;
  bed.put_queue(tenant, "q", settings);
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "q")).tasks.size(), 1U);
}

TEST_P(StoreConformance, ClaimLeavesOutWhatHasExpired) {
  const auto tenant = bed.add_tenant();
  auto task = bed.a_task(tenant);
  task.expires_at = bed.now() + Millis{1'000};
  bed.submit(task);
  const auto fresh = bed.submit(tenant);
  bed.advance(Millis{1'000});
  EXPECT_EQ(ids_of(bed.claim(bed.a_claim(tenant, "default", 10))), std::vector{fresh});
  EXPECT_EQ(bed.status(tenant, task.id), Status::pending) << "its end is another command's";
}

// Whoever owns a hundred thousand expired tasks must not hold the writer for all (P13).
TEST_P(StoreConformance, ClaimPassesByABoundedNumberOfExpiredTasks) {
  const auto tenant = bed.add_tenant();
  std::vector<TaskId> expiring;
  std::vector<Command> submits;
  for (int i = 0; i < 3'000; ++i) {
    Submit submit;
    submit.task = bed.a_task(tenant);
    submit.task.expires_at = bed.now() + Millis{1'000};
    expiring.push_back(submit.task.id);
    submits.emplace_back(std::move(submit));
  }
  bed.ask_all(std::move(submits));
  bed.advance(Millis{1'000});
  const auto fresh = bed.submit(tenant);
  std::size_t ended = 0;
  auto reply = bed.claim(bed.a_claim(tenant));
  EXPECT_EQ(reply.held_by, HeldBy::expired);
  while (reply.held_by == HeldBy::expired && ended < expiring.size()) {
    EXPECT_TRUE(reply.tasks.empty());
    std::vector<Command> ends;
    for (int i = 0; i < 500; ++i) {
      ends.emplace_back(bed.an_end(tenant, expiring[ended++], Status::expired));
    }
    bed.ask_all(std::move(ends));
    reply = bed.claim(bed.a_claim(tenant));
  }
  EXPECT_EQ(ids_of(reply), std::vector{fresh});
}

TEST_P(StoreConformance, ClaimOfAnUnknownQueueIsRefused) {
  Claim claim;
  claim.queue = domain::QueueNo{4'711};
  claim.lanes = kAllLanes;
  EXPECT_EQ(outcome(bed.ask(claim)), "not_found");
}

TEST_P(StoreConformance, HeldByTellsWhetherThereIsMore) {
  const auto tenant = bed.add_tenant();
  for (int i = 0; i < 3; ++i) bed.submit(tenant);
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "default", 2)).held_by, HeldBy::nothing);
  EXPECT_EQ(bed.claim(bed.a_claim(tenant, "default", 2)).held_by, HeldBy::empty);
}

TEST_P(StoreConformance, AttemptNumbersRiseStrictlyOverRetriesLossesReleasesAndRuns) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.submit(tenant);
  int newest = 0;
  std::vector<std::int64_t> secrets;
  for (const auto verdict : {Verdict::retry, Verdict::released, Verdict::lost, Verdict::completed,
                             Verdict::failed, Verdict::completed}) {
    const auto claimed = bed.claim_one(tenant);
    EXPECT_GT(claimed.token.attempt, newest);
    newest = claimed.token.attempt;
    secrets.push_back(claimed.token.secret);
    if (verdict == Verdict::lost) bed.advance(kLease);
    bed.finish(claimed, verdict);
    if (domain::is_terminal(bed.status(tenant, id))) {
      ASSERT_EQ(outcome(bed.retry(tenant, id)), "ok");
    }
  }
  std::ranges::sort(secrets);
  EXPECT_EQ(std::ranges::unique(secrets).begin(), secrets.end()) << "every attempt has its own";
}

}  // namespace
}  // namespace belfry::store::conformance
