// Nobody reaches what is not there, or what is another tenant's.
#include <map>

#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

using Ids = std::map<std::string, std::string, std::less<>>;  // by the name of the path's parameter

class Ownership : public ApiTest {
 protected:
  Ownership() { caller.scopes = auth::Scopes::all_of_tenant(); }

  // One of each, of `tenant`.
  Ids own() {
    const auto hook = text(post("/api/v1/webhooks", R"({"url":"http://example.com/"})"), "id");
    return {{"taskId", submit(R"({"taskName":"t","queue":"q","target":{"type":"worker"}})")},
            {"queue", "q"},
            {"endpointId", hook},
            {"deliveryId", text(post("/api/v1/webhooks/" + hook + "/test"), "id")},
            {"keyId", text(post("/api/v1/api-keys", R"({"name":"k"})"), "id")},
            {"tenantId", to_string(tenant)}};
  }
  static std::string path_of(const Route& route, const Ids& ids) {
    std::string path(route.pattern);
    const auto open = path.find('{'), close = path.find('}');
    const auto found = ids.find(path.substr(open + 1, close - open - 1));
    EXPECT_TRUE(found != ids.end()) << path;
    return found == ids.end() ? path : path.replace(open, close + 1 - open, found->second);
  }
  // A good body for the route.
  std::string body_of(const Route& route) {
    if (route.pattern.ends_with("/limits")) return R"({"weight":2})";
    if (route.method == http::Method::patch) return R"({"description":"d"})";
    const bool reports = route.pattern.ends_with("/heartbeat") ||
                         route.pattern.ends_with("/complete") || route.pattern.ends_with("/fail");
    return reports ? R"({"leaseToken":"1.0000000000000001"})" : "";
  }
  static bool creates(const Route& route) {
    return route.pattern == "/api/v1/queues/{queue}/pause" ||
           (route.pattern == "/api/v1/queues/{queue}" && route.method == http::Method::put);
  }
  // Calls each route of one thing, as the tenant.
  void expect_not_found(const Ids& ids, TenantId as) {
    int called = 0;
    for (const auto& route : routes) {
      if (route.pattern.find('{') == std::string_view::npos || creates(route)) continue;
      if (as != tenant && route.access.who == Access::Who::operator_) continue;
      const auto answer = call(route.method, path_of(route, ids), body_of(route), as);
      EXPECT_EQ(answer.status, 404)
          << http::name(route.method) << " " << route.pattern << " " << answer.body;
      ++called;
    }
    EXPECT_GE(called, 15);
  }
  // All that the tenant's lists show.
  std::string all_of(TenantId as) {
    std::string all;
    for (const auto* path : {"/api/v1/tasks", "/api/v1/queues", "/api/v1/webhooks",
                             "/api/v1/webhooks/deliveries", "/api/v1/api-keys"}) {
      all += get(path, as).body;
    }
    return all;
  }
  static constexpr const char* kNothing = "[][][][][]";
};

TEST_F(Ownership, WhatIsNotThereIsNotMade) {
  const auto nobody = to_string(ids.make<TaskId>());
  const Ids absent{{"taskId", nobody},     {"queue", "none"}, {"endpointId", nobody},
                   {"deliveryId", nobody}, {"keyId", nobody}, {"tenantId", nobody}};
  const auto tenants = get("/api/v1/admin/tenants").body;
  expect_not_found(absent, tenant);
  EXPECT_EQ(all_of(tenant), kNothing);
  EXPECT_EQ(get("/api/v1/admin/tenants").body, tenants);
}

TEST_F(Ownership, WhatIsAnothersIsNotThere) {
  const auto mine = own();
  const auto before = all_of(tenant);
  const auto stranger = add_tenant();
  EXPECT_EQ(all_of(stranger), kNothing);
  expect_not_found(mine, stranger);
  EXPECT_EQ(all_of(tenant), before) << "nothing has changed";
  EXPECT_EQ(all_of(stranger), kNothing);
}

TEST_F(Ownership, QueuesOfOneNameAreTwo) {
  const auto mine = own();
  const auto before = all_of(tenant);
  const auto stranger = add_tenant();
  for (const auto& route : routes) {
    if (!creates(route)) continue;
    const auto body = route.method == http::Method::put ? R"({"timeoutMs":1000})" : "{}";
    EXPECT_EQ(call(route.method, path_of(route, mine), body, stranger).status, 200);
  }
  EXPECT_EQ(all_of(tenant), before) << "nothing has changed";
  EXPECT_EQ(raw(get("/api/v1/queues/q", stranger), "paused"), "true");
}

}  // namespace
}  // namespace belfry::api
