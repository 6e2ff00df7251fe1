#include "store/conformance/bed.hpp"

// Events are written with the change that they tell of, for whoever asked and for nobody else.
namespace belfry::store::conformance {
namespace {

using domain::EventType;
using domain::Status;

Outbox an_outbox(EventType type, std::string callback = {}) {
  return {{{type, R"({"event":"x"})"}}, std::move(callback)};
}

TEST_P(StoreConformance, NothingIsWrittenWhereNobodyAsked) {
  const auto tenant = bed.add_tenant();
  bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted));
  EXPECT_FALSE(bed.committed.deliveries_added);
  EXPECT_TRUE(bed.deliveries(tenant).empty());
}

TEST_P(StoreConformance, EveryEndpointGetsWhatItsFilterWants) {
  const auto tenant = bed.add_tenant();
  auto ends = bed.an_endpoint(tenant);
  ends.events = domain::bit(EventType::completed) | domain::bit(EventType::failed);
  bed.add_endpoint(ends);
  const auto all = bed.an_endpoint(tenant);
  bed.add_endpoint(all);
  auto off = bed.an_endpoint(tenant);
  off.enabled = false;
  bed.add_endpoint(off);

  const auto id = bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted));
  ASSERT_EQ(bed.deliveries(tenant).size(), 1U);
  EXPECT_EQ(bed.deliveries(tenant)[0].endpoint, all.id);
  auto finish = bed.a_finish(bed.claim_one(tenant));
  finish.outbox = an_outbox(EventType::completed);
  ASSERT_EQ(outcome(bed.ask(finish)), "ok");

  EXPECT_EQ(bed.deliveries(tenant, {.endpoint = all.id}).size(), 2U);
  EXPECT_TRUE(bed.deliveries(tenant, {.endpoint = off.id}).empty());
  const auto wanted = bed.deliveries(tenant, {.endpoint = ends.id});
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(wanted[0].task, id);
  EXPECT_EQ(wanted[0].type, EventType::completed);
  EXPECT_EQ(wanted[0].sequence, 1) << "counted per endpoint";
  EXPECT_EQ(wanted[0].body, R"({"event":"x"})");
  EXPECT_EQ(wanted[0].state, DeliveryState::waiting);
  EXPECT_EQ(wanted[0].next_at, bed.now());
}

TEST_P(StoreConformance, CallbacksGetTerminalEventsOnly) {
  const auto tenant = bed.add_tenant();
  const std::string url = "https://example.com/done";
  const auto id = bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted, url));
  EXPECT_TRUE(bed.deliveries(tenant).empty());
  auto finish = bed.a_finish(bed.claim_one(tenant));
  finish.outbox = an_outbox(EventType::completed, url);
  ASSERT_EQ(outcome(bed.ask(finish)), "ok");
  const auto found = bed.deliveries(tenant, {.task = id});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].url, url);
  EXPECT_FALSE(found[0].endpoint);
}

TEST_P(StoreConformance, SequencesHaveNoGapsAndLaterOnesAreHeld) {
  const auto tenant = bed.add_tenant();
  const auto endpoint = bed.add_endpoint(bed.an_endpoint(tenant));
  const auto id = bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted));
  auto retry = bed.a_finish(bed.claim_one(tenant), Verdict::retry);
  retry.outbox = an_outbox(EventType::retrying);
  ASSERT_EQ(outcome(bed.ask(retry)), "ok");
  auto end = bed.an_end(tenant, id);
  end.outbox = an_outbox(EventType::cancelled);
  ASSERT_EQ(outcome(bed.ask(end)), "ok");
  bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted));

  const auto of_task = bed.deliveries(tenant, {.endpoint = endpoint, .task = id});
  ASSERT_EQ(of_task.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(of_task[static_cast<std::size_t>(i)].sequence, 3 - i);
  EXPECT_EQ(of_task[2].state, DeliveryState::waiting);
  EXPECT_EQ(of_task[1].state, DeliveryState::held);
  EXPECT_EQ(of_task[0].state, DeliveryState::held);
  const auto due =
      bed.read([&](Snapshot& s) { return s.deliveries().due_all_tenants(bed.at(), 10, {}); });
  EXPECT_EQ(due.size(), 2U) << "no order across tasks";
}

TEST_P(StoreConformance, ARefusedCommandTellsNothing) {
  const auto tenant = bed.add_tenant({.unfinished_max = 1});
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto id = bed.submit(tenant);
  EXPECT_EQ(outcome(bed.ask(Submit{bed.a_task(tenant), {}, an_outbox(EventType::submitted)})),
            "quota_exceeded");
  auto end = bed.an_end(tenant, id, Status::expired);
  end.outbox = an_outbox(EventType::expired);
  EXPECT_EQ(outcome(bed.ask(end)), "invalid_state");
  EXPECT_TRUE(bed.deliveries(tenant).empty());
}

TEST_P(StoreConformance, ARolledBackChangeHasNoEvent) {
  const auto tenant = bed.add_tenant();
  bed.add_endpoint(bed.an_endpoint(tenant));
  const auto task = bed.a_task(tenant);
  const auto done = bed.transact([&](Transaction& tx) -> Result<> {
    if (auto added = tx.submit({task, {}, an_outbox(EventType::submitted)}); !added) {
      return fail(added.error());
    }
    return fail(ErrorCode::conflict, "no");
  });
  EXPECT_EQ(outcome(done), "conflict");
  EXPECT_TRUE(bed.deliveries(tenant).empty());
  EXPECT_FALSE(bed.committed.deliveries_added);
  EXPECT_TRUE(bed.committed.changes.empty());
}

TEST_P(StoreConformance, ANewEndpointHearsOfTheNextChange) {
  const auto tenant = bed.add_tenant();
  bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted));
  const auto endpoint = bed.add_endpoint(bed.an_endpoint(tenant));
  bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted));
  EXPECT_EQ(bed.deliveries(tenant).size(), 1U);
  ASSERT_EQ(outcome(bed.transact(
                [&](Transaction& tx) { return tx.endpoint_writes().remove(tenant, endpoint); })),
            "ok");
  bed.submit(bed.a_task(tenant), an_outbox(EventType::submitted));
  EXPECT_EQ(bed.deliveries(tenant).size(), 1U);
}

}  // namespace
}  // namespace belfry::store::conformance
