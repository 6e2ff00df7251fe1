// What a rotation of a webhook secret leaves behind.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

class RotatedSecrets : public ApiTest {
 protected:
  template <class Row, class Find>
  Row stored(Find find) {
    Row row;
    gateway.read_blocking([&](store::Snapshot& snapshot) { row = find(snapshot).value(); });
    return row;
  }
};

constexpr std::chrono::hours kDay{24};

TEST_F(RotatedSecrets, AnEndpointsOldSecretSignsForADayAfterEachRotation) {
  const auto made = post("/api/v1/webhooks", R"({"url":"http://example.com/hook"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto id = text(made, "id");
  const auto endpoint = [&] {
    return stored<store::EndpointRow>([&](store::Snapshot& snapshot) {
      return snapshot.endpoints().find(tenant, parse_id<EndpointId>(id).value());
    });
  };
  EXPECT_FALSE(endpoint().previous_until);
  for (int round = 0; round < 2; ++round) {
    clock.advance(Millis{5'000});
    const auto before = endpoint();
    const auto answer = post("/api/v1/webhooks/" + id + "/rotate");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto after = endpoint();
    EXPECT_EQ(after.previous_until, clock.now() + kDay);
    EXPECT_EQ(text(answer, "previousSecretUntil"), format_time(clock.now() + kDay));
    EXPECT_EQ(after.sealed_previous_secret, before.sealed_secret);
    EXPECT_NE(after.sealed_secret, before.sealed_secret);
  }
}

TEST_F(RotatedSecrets, ATenantsOldSecretSignsForADayAfterEachRotation) {
  const auto own = [&] {
    return stored<domain::Tenant>(
        [&](store::Snapshot& snapshot) { return snapshot.tenants().find(tenant); });
  };
  for (int round = 0; round < 2; ++round) {
    clock.advance(Millis{5'000});
    const auto before = own();
    const auto answer = post("/api/v1/webhooks/secret/rotate");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto after = own();
    EXPECT_EQ(after.previous_until, clock.now() + kDay);
    EXPECT_EQ(text(answer, "previousSecretUntil"), format_time(clock.now() + kDay));
    EXPECT_EQ(after.sealed_previous_secret, before.sealed_secret);
    EXPECT_NE(after.sealed_secret, before.sealed_secret);
  }
}

TEST_F(RotatedSecrets, AnotherTenantsEndpointIsNeitherRotatedNorTested) {
  const auto made = post("/api/v1/webhooks", R"({"url":"http://example.com/hook"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto stranger = add_tenant();
  for (const auto* action : {"/rotate", "/test"}) {
    const auto target = "/api/v1/webhooks/" + text(made, "id") + action;
    EXPECT_EQ(call(http::Method::post, target, {}, stranger).status, 404) << action;
  }
  EXPECT_EQ(count(get("/api/v1/webhooks/deliveries")), 0U);
  EXPECT_EQ(count(get("/api/v1/webhooks/deliveries", stranger)), 0U);
}

}  // namespace
}  // namespace belfry::api
