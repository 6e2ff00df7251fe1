#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

TEST_P(StoreConformance, ApiKeysAreFoundByTheirHash) {
  const auto tenant = bed.add_tenant();
  auto key = bed.an_api_key(tenant);
  key.expires_at = bed.now() + std::chrono::hours(1);
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) { return tx.api_key_writes().insert(key); })),
            "ok");
  const auto find = [&](const std::string& hash) {
    return bed.read([&](Snapshot& s) { return s.api_keys().find_by_hash_all_tenants(hash); });
  };
  const auto found = find(key.hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, key.id);
  EXPECT_EQ(found->tenant, tenant);
  EXPECT_EQ(found->name, key.name);
  EXPECT_EQ(found->prefix, key.prefix);
  EXPECT_EQ(found->scopes, key.scopes);
  EXPECT_EQ(found->expires_at, key.expires_at);
  EXPECT_FALSE(found->revoked_at);
  EXPECT_FALSE(find(std::string(32, 'x')));
}

TEST_P(StoreConformance, ApiKeysAreListedNewestFirst) {
  const auto tenant = bed.add_tenant();
  std::vector<ApiKeyId> ids;
  for (int i = 0; i < 3; ++i) {
    const auto key = bed.an_api_key(tenant);
    ASSERT_EQ(
        outcome(bed.transact([&](Transaction& tx) { return tx.api_key_writes().insert(key); })),
        "ok");
    ids.push_back(key.id);
    bed.advance(Millis{1});
  }
  const auto list = bed.read([&](Snapshot& s) { return s.api_keys().list(tenant); });
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].id, ids[2]);
  EXPECT_EQ(list[2].id, ids[0]);
}

TEST_P(StoreConformance, TheFirstRevocationStandsAndIsTold) {
  const auto tenant = bed.add_tenant();
  const auto other = bed.add_tenant();
  const auto key = bed.an_api_key(tenant);
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) { return tx.api_key_writes().insert(key); })),
            "ok");
  const auto revoke = [&](TenantId by) {
    return outcome(bed.transact(
        [&](Transaction& tx) { return tx.api_key_writes().revoke(by, key.id, bed.now()); }));
  };
  EXPECT_EQ(revoke(other), "not_found");
  const auto first = bed.now();
  EXPECT_EQ(revoke(tenant), "ok");
  bed.advance(Millis{1'000});
  EXPECT_EQ(revoke(tenant), "ok");
  EXPECT_EQ(bed.read([&](Snapshot& s) { return s.api_keys().list(tenant); })[0].revoked_at, first);
  const auto since = [&](Timestamp from) {
    return bed.read([&](Snapshot& s) { return s.api_keys().revoked_keys_all_tenants(from); });
  };
  ASSERT_EQ(since(first).size(), 1U);
  EXPECT_EQ(since(first)[0].first, key.id);
  EXPECT_TRUE(since(first + Millis{1}).empty());
}

TEST_P(StoreConformance, KeysRevokedLongAgoArePruned) {
  const auto tenant = bed.add_tenant();
  std::vector<ApiKeyId> ids;
  for (int i = 0; i < 4; ++i) {
    const auto key = bed.an_api_key(tenant);
    ids.push_back(key.id);
    ASSERT_EQ(
        outcome(bed.transact([&](Transaction& tx) { return tx.api_key_writes().insert(key); })),
        "ok");
    if (i == 3) continue;  // never revoked
    ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) {
                return tx.api_key_writes().revoke(tenant, key.id, bed.now());
              })),
              "ok");
    bed.advance(Millis{1'000});
  }
  const auto prune = [&](Timestamp before, int limit) {
    int gone = 0;
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                gone = tx.api_key_writes().prune_all_tenants(before, limit);
                return {};
              })),
              "ok");
    return gone;
  };
  const auto before = bed.now() - Millis{1'000};  // when the third was revoked
  EXPECT_EQ(prune(before, 1), 1);
  EXPECT_EQ(prune(before, 10), 1);
  EXPECT_EQ(prune(before, 10), 0);
  const auto list = bed.read([&](Snapshot& s) { return s.api_keys().list(tenant); });
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].id, ids[3]);
  EXPECT_EQ(list[1].id, ids[2]);
}

TEST_P(StoreConformance, LiveKeysAreBoundedAndRevokedOnesDoNotCount) {
  const auto tenant = bed.add_tenant();
  ApiKeyRow last;
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
              for (int i = 0; i < domain::kApiKeysMax; ++i) {
                last = bed.an_api_key(tenant);
                if (auto done = tx.api_key_writes().insert(last); !done) return done;
              }
              return {};
            })),
            "ok");
  const auto more = bed.an_api_key(tenant);
  const auto insert = [&] {
    return outcome(bed.transact([&](Transaction& tx) { return tx.api_key_writes().insert(more); }));
  };
  EXPECT_EQ(insert(), "quota_exceeded");
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) {
              return tx.api_key_writes().revoke(tenant, last.id, bed.now());
            })),
            "ok");
  EXPECT_EQ(insert(), "ok");
}

TEST_P(StoreConformance, LastUseIsKeptToTheMinuteAndNeverGoesBack) {
  const auto tenant = bed.add_tenant();
  const auto key = bed.an_api_key(tenant);
  ASSERT_EQ(outcome(bed.transact([&](Transaction& tx) { return tx.api_key_writes().insert(key); })),
            "ok");
  const auto touch = [&](Timestamp at) {
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                tx.api_key_writes().touch(key.id, at);
                return {};
              })),
              "ok");
    return bed.read([&](Snapshot& s) { return s.api_keys().list(tenant); })[0].last_used_at;
  };
  const Timestamp minute = std::chrono::floor<std::chrono::minutes>(bed.now());
  EXPECT_EQ(touch(minute + Millis{59'999}), minute);
  EXPECT_EQ(touch(minute - Millis{60'000}), minute);
  EXPECT_EQ(touch(minute + Millis{60'000}), minute + Millis{60'000});
}

TEST_P(StoreConformance, RevokedTokensAreToldUntilTheyExpire) {
  const auto revoke = [&](const std::string& jti, Timestamp expires) {
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                tx.api_key_writes().revoke_token(jti, expires);
                return {};
              })),
              "ok");
  };
  const auto tokens = [&] {
    return bed.read([](Snapshot& s) { return s.api_keys().revoked_tokens_all_tenants(); });
  };
  revoke("a", bed.now() + std::chrono::hours(1));
  revoke("b", bed.now() + std::chrono::hours(2));
  revoke("a", bed.now() + Millis{1});
  EXPECT_EQ(tokens().size(), 2U);
  bed.advance(Millis{90 * 60'000});
  ASSERT_EQ(tokens().size(), 1U);
  EXPECT_EQ(tokens()[0].first, "b");
}

}  // namespace
}  // namespace belfry::store::conformance
