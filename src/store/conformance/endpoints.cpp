#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

TEST_P(StoreConformance, EndpointsAreKeptWholeAndChanged) {
  const auto tenant = bed.add_tenant();
  auto endpoint = bed.an_endpoint(tenant);
  endpoint.description = "the shop";
  endpoint.events = 0x18;
  endpoint.sealed_secret = std::string("\0\1\2", 3);
  bed.add_endpoint(endpoint);
  const auto find = [&] {
    return bed.read([&](Snapshot& s) { return s.endpoints().find(tenant, endpoint.id); });
  };
  auto found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->tenant, tenant);
  EXPECT_EQ(found->url, endpoint.url);
  EXPECT_EQ(found->description, "the shop");
  EXPECT_EQ(found->events, 0x18U);
  EXPECT_TRUE(found->enabled);
  EXPECT_EQ(found->sealed_secret, endpoint.sealed_secret);
  EXPECT_EQ(found->created_at, endpoint.created_at);

  endpoint.url = "https://example.com/new";
  endpoint.enabled = false;
  endpoint.disabled_reason = "failing";
  endpoint.failing_since = bed.now();
  endpoint.sealed_previous_secret = "old";
  endpoint.previous_until = bed.now() + Millis{9};
  ASSERT_EQ(
      outcome(bed.transact([&](Transaction& tx) { return tx.endpoint_writes().update(endpoint); })),
      "ok");
  EXPECT_TRUE(bed.committed.configuration_changed);
  found = find();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->url, endpoint.url);
  EXPECT_FALSE(found->enabled);
  EXPECT_EQ(found->disabled_reason, "failing");
  EXPECT_EQ(found->failing_since, bed.now());
  EXPECT_EQ(found->sealed_previous_secret, "old");
  EXPECT_EQ(found->previous_until, endpoint.previous_until);
}

TEST_P(StoreConformance, ARemovedEndpointIsGoneFromEveryList) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.add_endpoint(bed.an_endpoint(tenant));
  const auto other = bed.add_endpoint(bed.an_endpoint(tenant));
  const auto remove = [&] {
    return outcome(
        bed.transact([&](Transaction& tx) { return tx.endpoint_writes().remove(tenant, id); }));
  };
  EXPECT_EQ(remove(), "ok");
  EXPECT_EQ(remove(), "not_found");
  EXPECT_FALSE(bed.read([&](Snapshot& s) { return s.endpoints().find(tenant, id); }));
  const auto list = bed.read([&](Snapshot& s) { return s.endpoints().list(tenant); });
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].id, other);
}

TEST_P(StoreConformance, ARemovedEndpointIsForgottenWithItsLastDelivery) {
  const auto tenant = bed.add_tenant();
  const auto id = bed.add_endpoint(bed.an_endpoint(tenant));
  const auto kept = bed.add_endpoint(bed.an_endpoint(tenant));
  bed.submit(bed.a_task(tenant), {{{domain::EventType::submitted, "{}"}}, {}});
  bed.finish(bed.claim_one(tenant));
  const auto forgotten = [&] {
    int count = 0;
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                count = tx.endpoint_writes().forget_removed_all_tenants();
                return {};
              })),
              "ok");
    return count;
  };
  EXPECT_EQ(forgotten(), 0);
  ASSERT_EQ(outcome(bed.transact(
                [&](Transaction& tx) { return tx.endpoint_writes().remove(tenant, id); })),
            "ok");
  EXPECT_EQ(forgotten(), 0) << "a delivery of it is kept";
  bed.advance(Millis{10'000});
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.task_writes().prune_all_tenants(bed.now(), 10);
              return {};
            })),
            "ok");
  EXPECT_EQ(forgotten(), 1);
  EXPECT_EQ(forgotten(), 0);
  EXPECT_TRUE(bed.read([&](Snapshot& s) { return s.endpoints().find(tenant, kept); }));
}

TEST_P(StoreConformance, TheNumberOfEndpointsIsBounded) {
  const auto tenant = bed.add_tenant();
  EndpointId last;
  for (int i = 0; i < domain::kEndpointsMax; ++i) last = bed.add_endpoint(bed.an_endpoint(tenant));
  const auto more = bed.an_endpoint(tenant);
  const auto insert = [&] {
    return outcome(
        bed.transact([&](Transaction& tx) { return tx.endpoint_writes().insert(more); }));
  };
  EXPECT_EQ(insert(), "quota_exceeded");
  ASSERT_EQ(outcome(bed.transact(
                [&](Transaction& tx) { return tx.endpoint_writes().remove(tenant, last); })),
            "ok");
  EXPECT_EQ(insert(), "ok");
}

}  // namespace
}  // namespace belfry::store::conformance
