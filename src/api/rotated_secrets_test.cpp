// What a rotation of a webhook secret leaves behind.
#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

constexpr std::chrono::hours kDay{24};

class RotatedSecrets : public ApiTest {
 protected:
  template <class Row, class Find>
  Row stored(Find find) {
    Row row;
    gateway.read_blocking([&](store::Snapshot& snapshot) { row = find(snapshot).value(); });
    return row;
  }

  // Each time the secret before the rotation signs for a day more.
  template <class Own>
  void rotate_twice(const std::string& path, Own own) {
    for (int round = 0; round < 2; ++round) {
      clock.advance(Millis{5'000});
      const auto before = own();
      const auto answer = post(path);
      ASSERT_EQ(answer.status, 200) << answer.body;
      const auto after = own();
      EXPECT_EQ(after.previous_until, clock.now() + kDay);
      EXPECT_EQ(text(answer, "previousSecretUntil"), format_time(clock.now() + kDay));
      EXPECT_EQ(after.sealed_previous_secret, before.sealed_secret);
      EXPECT_NE(after.sealed_secret, before.sealed_secret);
    }
  }
};

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
  rotate_twice("/api/v1/webhooks/" + id + "/rotate", endpoint);
}

TEST_F(RotatedSecrets, ATenantsOldSecretSignsForADayAfterEachRotation) {
  const auto own = [&] {
    return stored<domain::Tenant>(
        [&](store::Snapshot& snapshot) { return snapshot.tenants().find(tenant); });
  };
  rotate_twice("/api/v1/webhooks/secret/rotate", own);
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
