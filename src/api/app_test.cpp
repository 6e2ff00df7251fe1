#include "api/app.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace belfry::api {
namespace {

bool adds_work(http::Method method, std::string_view pattern) {
  const auto routes = all_routes();
  const auto found = std::ranges::find_if(routes, [&](const Route& route) {
    return route.method == method && route.pattern == pattern;
  });
  EXPECT_NE(found, routes.end()) << pattern;
  return found != routes.end() && found->adds_work;
}

TEST(AllRoutes, ThoseThatAddWorkAreHeldBackWhileTheStoreIsBehind) {
  EXPECT_TRUE(adds_work(http::Method::post, "/api/v1/tasks"));
  EXPECT_TRUE(adds_work(http::Method::post, "/api/v1/tasks/bulk"));
  EXPECT_TRUE(adds_work(http::Method::post, "/api/v1/tasks/{taskId}/retry"));
  EXPECT_TRUE(adds_work(http::Method::post, "/api/v1/tasks/retry"));
}

// What ends or extends work shortens every line; who only reads or signs in does not lengthen it.
TEST(AllRoutes, NothingElseIsHeldBack) {
  EXPECT_FALSE(adds_work(http::Method::get, "/api/v1/tasks"));
  EXPECT_FALSE(adds_work(http::Method::post, "/api/v1/leases"));
  EXPECT_FALSE(adds_work(http::Method::post, "/api/v1/leases/complete"));
  EXPECT_FALSE(adds_work(http::Method::post, "/api/v1/tasks/{taskId}/heartbeat"));
  EXPECT_FALSE(adds_work(http::Method::post, "/api/v1/tasks/{taskId}/complete"));
  EXPECT_FALSE(adds_work(http::Method::post, "/api/v1/tasks/{taskId}/fail"));
  EXPECT_FALSE(adds_work(http::Method::post, "/api/v1/auth/token"));
  EXPECT_FALSE(adds_work(http::Method::get, "/healthz"));
}

}  // namespace
}  // namespace belfry::api
