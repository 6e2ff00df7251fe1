#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

TEST_P(StoreConformance, TenantsAreKeptWhole) {
  domain::Tenant tenant;
  tenant.id = bed.make_id<TenantId>();
  tenant.name = "Gr\xc3\xbc\xc3\x9f";
  tenant.created_at = bed.now();
  tenant.limits = {.running_max = 7, .weight = 3, .unfinished_max = 99};
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

TEST_P(StoreConformance, TenantsAreListedByCreation) {
  const auto a = bed.add_tenant({}, "z");
  bed.advance(Millis{1});
  const auto b = bed.add_tenant({}, "a");
  const auto all = bed.read([](Snapshot& s) { return s.tenants().list_all_tenants(); });
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, a);
  EXPECT_EQ(all[1].id, b);
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
