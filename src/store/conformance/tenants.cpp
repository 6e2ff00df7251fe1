#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

TEST_P(StoreConformance, TenantsAreKeptWhole) {
  domain::Tenant tenant;
  tenant.id = bed.make_id<TenantId>();
  tenant.name = "Gr\xc3\xbc\xc3\x9f";
  tenant.created_at = bed.now();
  tenant.limits = {.running_max = 7,
                   .weight = 3,
                   .unfinished_max = 99,
                   .stored_max = 77,
                   .requests_per_second = 5};
  tenant.sealed_secret = std::string("\0\xff secret", 9);
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.tenant_writes().insert(tenant);
              return {};
            })),
            "ok");
  EXPECT_TRUE(bed.committed.configuration_changed);
  const auto found = bed.read([&](Snapshot& s) { return s.tenants().find(tenant.id); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, tenant.name);
  EXPECT_EQ(found->created_at, tenant.created_at);
  EXPECT_EQ(found->limits, tenant.limits);
  EXPECT_EQ(found->sealed_secret, tenant.sealed_secret);
  EXPECT_FALSE(found->suspended_at);
  EXPECT_FALSE(found->previous_until);
}

std::vector<TenantId> ids_of(const TenantPage& page) {
  std::vector<TenantId> ids;
  for (const auto& tenant : page.tenants) ids.push_back(tenant.id);
  return ids;
}

TEST_P(StoreConformance, TenantsAreListedByCreationInPages) {
  const auto a = bed.add_tenant({}, "z");
  const auto b = bed.add_tenant({}, "a");
  const auto c = bed.add_tenant({}, "m");
  const auto page = [&](std::optional<TenantId> after, int limit) {
    return bed.read([&](Snapshot& s) { return s.tenants().page_all_tenants(after, "", limit); });
  };
  const auto first = page({}, 2);
  EXPECT_EQ(ids_of(first), (std::vector{a, b}));
  ASSERT_EQ(first.next, b);
  const auto last = page(first.next, 2);
  EXPECT_EQ(ids_of(last), std::vector{c});
  EXPECT_FALSE(last.next);
  EXPECT_FALSE(page({}, 3).next) << "a page that ends with the last tenant has no next";
  EXPECT_EQ(bed.read([](Snapshot& s) { return s.tenants().count_all_tenants(); }), 3);
}

TEST_P(StoreConformance, TenantsAreFoundByAPartOfTheirNames) {
  const auto mail = bed.add_tenant({}, "Mail service");
  bed.add_tenant({}, "payments");
  const auto other = bed.add_tenant({}, "e-MAIL");
  const auto found =
      bed.read([](Snapshot& s) { return s.tenants().page_all_tenants({}, "mail", 10); });
  EXPECT_EQ(ids_of(found), (std::vector{mail, other}));
}

TEST_P(StoreConformance, QueuesAndEndpointsTellTheirTenant) {
  const auto tenant = bed.add_tenant();
  const auto queue = bed.put_queue(tenant, "mail");
  const auto endpoint = bed.add_endpoint(bed.an_endpoint(tenant));
  bed.read([&](Snapshot& s) {
    EXPECT_EQ(s.tenants().of_queue(queue.no), tenant);
    EXPECT_EQ(s.tenants().of_endpoint(endpoint), tenant);
    EXPECT_FALSE(s.tenants().of_queue({queue.no.value + 1}));
    EXPECT_FALSE(s.tenants().of_endpoint(bed.make_id<EndpointId>()));
    return 0;
  });
}

TEST_P(StoreConformance, ATenantIsUnusedUntilItSubmits) {
  const auto used = bed.add_tenant();
  const auto unused = bed.add_tenant();
  bed.submit(used);
  bed.advance(Millis{1'000});
  const auto young = bed.add_tenant();
  const auto found = [&](Timestamp before) {
    return bed.read([&](Snapshot& s) { return s.tenants().unused_all_tenants(before, 10); });
  };
  EXPECT_EQ(found(bed.now()), std::vector{unused});
  EXPECT_EQ(found(bed.now() + Millis{1}), (std::vector{unused, young}));
  EXPECT_TRUE(found(bed.now() - Millis{1'000}).empty());
}

// As the loop does it, for tenants without unfinished tasks; how many calls it took.
int remove_all(Bed& bed, TenantId tenant, int limit) {
  bool done = false;
  int calls = 0;
  while (!done && calls < 100) {
    ++calls;
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                done = tx.tenant_writes().remove_some(tenant, limit);
                return {};
              })),
              "ok");
  }
  EXPECT_TRUE(done);
  return calls;
}

void give_everything(Bed& bed, TenantId tenant) {
  bed.add_endpoint(bed.an_endpoint(tenant));
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              tx.idempotency_writes().insert(tenant, "key", {"f", 200, "{}"}, bed.now());
              for (const auto* handler : {"/a", "/b", "/c"}) {
                DestinationRow row;
                row.name = {tenant, "http://a:80", handler};
                row.node = "n";
                tx.destination_writes().put_state(row);
              }
              return tx.api_key_writes().insert(bed.an_api_key(tenant));
            })),
            "ok");
  for (int i = 0; i < 5; ++i) {
    bed.submit(bed.a_task(tenant), {{{domain::EventType::completed, "{}"}}, "http://a/"});
    bed.finish(bed.claim_one(tenant));
  }
}

// What is left of it, as far as it is not listed.
struct Kept {
  std::size_t minutes = 0, hours = 0;
  std::int64_t bytes = 0;
  bool answer = false;
  bool operator==(const Kept&) const = default;
};

Kept kept_of(Bed& bed, TenantId tenant) {
  Kept kept;
  const auto from = std::chrono::floor<std::chrono::hours>(bed.now());
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              const auto to = from + std::chrono::hours(1);
              kept.minutes = tx.metrics().series(tenant, from, to, false).size();
              kept.hours = tx.metrics().series(tenant, from, to, true).size();
              kept.bytes = tx.metrics().stored_bytes(tenant);
              kept.answer = tx.idempotency_writes().find(tenant, "key").has_value();
              return {};
            })),
            "ok");
  return kept;
}

TEST_P(StoreConformance, ARemovedTenantLeavesNothingAndOthersKeepAll) {
  const auto gone = bed.add_tenant({}, "gone");
  const auto stays = bed.add_tenant({}, "stays");
  for (const auto tenant : {gone, stays}) give_everything(bed, tenant);
  const auto kept = kept_of(bed, stays);
  EXPECT_EQ(kept, (Kept{1, 1, kept.bytes, true}));
  EXPECT_GT(kept.bytes, 0);
  const auto start = [&] {
    return outcome(bed.transact(
        [&](Transaction& tx) { return tx.tenant_writes().start_removal(gone, bed.now()); }));
  };
  EXPECT_EQ(start(), "ok");
  const auto marked = bed.read([&](Snapshot& s) { return s.tenants().find(gone); });
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->removing_since, bed.now());
  EXPECT_EQ(marked->suspended_at, bed.now());
  EXPECT_EQ(bed.read([](Snapshot& s) { return s.tenants().removing_all_tenants(9); }),
            std::vector{gone});
  Submit late;
  late.task = bed.a_task(gone);
  EXPECT_EQ(outcome(bed.ask(late)), "forbidden");

  EXPECT_GT(remove_all(bed, gone, 2), 3) << "a call takes two rows at the most";

  EXPECT_EQ(start(), "not_found");
  bed.read([&](Snapshot& s) {
    EXPECT_FALSE(s.tenants().find(gone));
    EXPECT_EQ(s.tenants().count_all_tenants(), 1);
    EXPECT_TRUE(s.tenants().removing_all_tenants(9).empty());
    EXPECT_TRUE(s.tasks().query(gone, {}, {}, 10, false).tasks.empty());
    EXPECT_TRUE(s.queues().list(gone).empty());
    EXPECT_TRUE(s.endpoints().list(gone).empty());
    EXPECT_TRUE(s.api_keys().list(gone).empty());
    EXPECT_TRUE(s.deliveries().list(gone, {}, {}, 10).empty());
    EXPECT_EQ(s.tasks().query(stays, {}, {}, 10, false).tasks.size(), 5U);
    EXPECT_EQ(s.queues().list(stays).size(), 1U);
    EXPECT_EQ(s.endpoints().list(stays).size(), 1U);
    EXPECT_EQ(s.api_keys().list(stays).size(), 1U);
    EXPECT_EQ(s.destinations().states(stays).size(), 3U);
    EXPECT_EQ(s.deliveries().list(stays, {}, {}, 99).size(), 10U);
    return 0;
  });
  EXPECT_EQ(kept_of(bed, stays), kept);
  EXPECT_EQ(kept_of(bed, gone), Kept{});
  EXPECT_EQ(bed.counts(gone)[domain::Status::completed], 0);
  EXPECT_EQ(bed.counts(stays)[domain::Status::completed], 5);
  // Nothing that was kept of the one that went becomes a new tenant's.
  const auto fresh = bed.add_tenant({}, "fresh");
  bed.read([&](Snapshot& s) {
    EXPECT_TRUE(s.tasks().query(fresh, {}, {}, 10, false).tasks.empty());
    EXPECT_EQ(s.tenants().find(fresh)->name, "fresh");
    EXPECT_TRUE(s.destinations().states(fresh).empty());
    return 0;
  });
}

TEST_P(StoreConformance, ATenantsSettingsChange) {
  const auto id = bed.add_tenant();
  const auto until = bed.now() + std::chrono::hours(24);
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              auto& tenants = tx.tenant_writes();
              if (auto done = tenants.set_limits(id, {.running_max = 2}); !done) return done;
              if (auto done = tenants.set_suspended(id, bed.now(), "unpaid"); !done) return done;
              return tenants.set_secret(id, "new", "old", until);
            })),
            "ok");
  EXPECT_TRUE(bed.committed.configuration_changed);
  const auto found = bed.read([&](Snapshot& s) { return s.tenants().find(id); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->limits.running_max, 2);
  EXPECT_EQ(found->suspended_at, bed.now());
  EXPECT_EQ(found->suspend_reason, "unpaid");
  EXPECT_EQ(found->sealed_secret, "new");
  EXPECT_EQ(found->sealed_previous_secret, "old");
  EXPECT_EQ(found->previous_until, until);
}

TEST_P(StoreConformance, ChangingAnUnknownTenantIsNotFound) {
  const auto id = bed.make_id<TenantId>();
  EXPECT_FALSE(bed.read([&](Snapshot& s) { return s.tenants().find(id); }));
  EXPECT_EQ(
      outcome(bed.transact([&](Transaction& tx) { return tx.tenant_writes().set_limits(id, {}); })),
      "not_found");
  EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) {
              return tx.tenant_writes().set_suspended(id, bed.now(), "x");
            })),
            "not_found");
  EXPECT_EQ(outcome(bed.transact(
                [&](Transaction& tx) { return tx.tenant_writes().set_secret(id, "a", "b", {}); })),
            "not_found");
}

}  // namespace
}  // namespace belfry::store::conformance
