#include <gtest/gtest.h>

#include "api/signing_keys.hpp"
#include "auth/secret_places.hpp"
#include "base/random.hpp"
#include "server/secret_source.hpp"
#include "store/sqlite/temporary_folder.hpp"

// How long keys and secrets stay good after they were replaced.
namespace belfry::server {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TenantId kTenant{{1, 2}};

class KeysTest : public testing::Test {
 protected:
  void SetUp() override { directory_.attach(gateway_, store_); }

  Result<> transact(store::TransactFn fn) { return gateway_.transact_blocking(std::move(fn)); }

  ManualClock clock_;
  store::sqlite::TemporaryStore store_{clock_};
  store::Directory directory_;
  MetricsRegistry metrics_;
  store::Gateway gateway_{store_, {}, metrics_, nullptr};
  auth::SealedBox sealed_{Secret(secure_random_bytes(auth::SealedBox::kKeyBytes))};
};

class SigningKeysTest : public KeysTest {
 protected:
  static constexpr seconds kLife{3'600};

  void refresh() {
    const auto done =
        api::refresh_signing_keys(gateway_, sealed_, clock_, kLife, authenticator_, issuer_);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::string token() { return issuer_.issue(kTenant, ApiKeyId{{3, 4}}, {}).token; }
  bool is_good(const std::string& token) { return authenticator_.authenticate(token).has_value(); }
  std::size_t keys() {
    std::size_t n = 0;
    gateway_.read_blocking([&](store::Snapshot& s) { n = s.signing_keys().list().size(); });
    return n;
  }

  auth::TokenNames names_{"http://belfry.example", "belfry"};
  auth::Authenticator authenticator_{clock_, names_};
  auth::TokenIssuer issuer_{clock_, names_, kLife};
};

TEST_F(SigningKeysTest, ARetiredKeyVerifiesForAsLongAsItsTokensLive) {
  refresh();
  const auto first = token();
  ASSERT_TRUE(transact(api::rotate_signing_key(sealed_, clock_.now())));
  refresh();
  EXPECT_EQ(keys(), 2U) << "published";
  const auto before_the_change = token();
  clock_.advance(api::kKeyPublishedBeforeUse - seconds{1});
  refresh();
  const auto last = token();
  clock_.advance(seconds{1});
  refresh();  // the new key signs, the old one retires
  EXPECT_TRUE(is_good(first));
  EXPECT_TRUE(is_good(before_the_change));
  EXPECT_TRUE(is_good(last));
  clock_.advance(kLife - seconds{2});
  refresh();
  EXPECT_TRUE(is_good(last)) << "the newest token of the old key has not expired yet";
  EXPECT_EQ(keys(), 2U);
  clock_.advance(api::kKeyPublishedBeforeUse + seconds{3});
  refresh();
  refresh();
  EXPECT_EQ(keys(), 1U) << "nothing needs it any more";
  EXPECT_FALSE(is_good(last));
  EXPECT_TRUE(is_good(token()));
}

TEST_F(SigningKeysTest, ARevokedKeyIsGoneAtOnceAlsoForALateRefresh) {
  refresh();
  const auto stolen = token();
  std::vector<store::SigningKeyRow> before;
  gateway_.read_blocking([&](store::Snapshot& s) { before = s.signing_keys().list(); });
  const auto removed = std::make_shared<std::vector<std::string>>();
  ASSERT_TRUE(transact(api::revoke_signing_key(sealed_, clock_.now(), before.at(0).kid, removed)));
  ASSERT_EQ(removed->size(), 1U);
  authenticator_.drop_key(removed->at(0));
  EXPECT_FALSE(is_good(stolen));
  // A refresh that had read the keys before comes in late.
  ASSERT_TRUE(api::use_signing_keys(before, clock_.now(), sealed_, authenticator_, issuer_));
  EXPECT_FALSE(is_good(stolen));
  refresh();
  EXPECT_FALSE(is_good(stolen));
  EXPECT_TRUE(is_good(token()));
  const auto unknown =
      transact(api::revoke_signing_key(sealed_, clock_.now(), before.at(0).kid, removed));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_EQ(keys(), 1U);
}

class WebhookSecretsTest : public KeysTest {
 protected:
  std::string seal(const Secret& secret) {
    return sealed_.seal(secret, auth::place_of_tenant_secret(kTenant));
  }

  SecretSource secrets_{directory_, sealed_, clock_};
};

TEST_F(WebhookSecretsTest, TheOldSecretSignsBesideTheNewOneUntilItsTime) {
  const auto first = signing::generate_secret(), second = signing::generate_secret();
  domain::Tenant tenant;
  tenant.id = kTenant;
  tenant.name = "t";
  tenant.created_at = clock_.now();
  tenant.sealed_secret = seal(first);
  ASSERT_TRUE(transact([&](store::Transaction& tx) -> Result<> {
    tx.tenant_writes().insert(tenant);
    return {};
  }));
  EXPECT_EQ(secrets_.of_tenant(kTenant).size(), 1U);
  const auto until = clock_.now() + hours{24};
  ASSERT_TRUE(transact([&](store::Transaction& tx) {
    return tx.tenant_writes().set_secret(kTenant, seal(second), tenant.sealed_secret, until);
  }));
  EXPECT_EQ(secrets_.of_tenant(kTenant).size(), 2U);
  clock_.advance(hours{24} - Millis{1});
  EXPECT_EQ(secrets_.of_tenant(kTenant).size(), 2U);
  clock_.advance(Millis{1});
  EXPECT_EQ(secrets_.of_tenant(kTenant).size(), 1U) << "the old secret signs no more";
}

TEST_F(WebhookSecretsTest, AnEndpointsOldSecretSignsUntilItsTimeToo) {
  domain::Tenant tenant;
  tenant.id = kTenant;
  tenant.name = "t";
  tenant.created_at = clock_.now();
  store::EndpointRow endpoint;
  endpoint.id = EndpointId{{5, 6}};
  endpoint.tenant = kTenant;
  endpoint.url = "https://example.com/hook";
  endpoint.created_at = clock_.now();
  const auto seal_it = [&] {
    return sealed_.seal(signing::generate_secret(), auth::place_of_endpoint_secret(endpoint.id));
  };
  endpoint.sealed_secret = seal_it();
  endpoint.sealed_previous_secret = seal_it();
  endpoint.previous_until = clock_.now() + hours{24};
  ASSERT_TRUE(transact([&](store::Transaction& tx) -> Result<> {
    tx.tenant_writes().insert(tenant);
    return tx.endpoint_writes().insert(endpoint);
  }));
  EXPECT_EQ(secrets_.of_endpoint(endpoint.id).size(), 2U);
  clock_.advance(hours{24} - Millis{1});
  EXPECT_EQ(secrets_.of_endpoint(endpoint.id).size(), 2U);
  clock_.advance(Millis{1});
  EXPECT_EQ(secrets_.of_endpoint(endpoint.id).size(), 1U);
}

}  // namespace
}  // namespace belfry::server
