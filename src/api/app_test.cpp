#include "api/app.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace belfry::api {
namespace {

using Turn = http::RequestTurns::Kind;

Turn turn_of(http::Method method, std::string_view pattern) {
  const auto routes = all_routes();
  const auto found = std::ranges::find_if(routes, [&](const Route& route) {
    return route.method == method && route.pattern == pattern;
  });
  EXPECT_NE(found, routes.end()) << pattern;
  return found != routes.end() ? found->turn : Turn::plain;
}

TEST(AllRoutes, ThoseThatReadOrAddWorkAreHeldBackWhileTheStoreIsBehind) {
  EXPECT_EQ(turn_of(http::Method::get, "/api/v1/tasks"), Turn::reading);
  EXPECT_EQ(turn_of(http::Method::get, "/api/v1/tasks/{taskId}"), Turn::reading);
  EXPECT_EQ(turn_of(http::Method::get, "/api/v1/metrics"), Turn::reading);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/tasks"), Turn::adding);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/tasks/bulk"), Turn::adding);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/tasks/{taskId}/retry"), Turn::adding);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/tasks/retry"), Turn::adding);
}

// What ends or extends work shortens every line; probes and those who sign in do not lengthen it.
TEST(AllRoutes, NothingElseIsHeldBack) {
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/leases"), Turn::plain);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/leases/complete"), Turn::plain);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/tasks/{taskId}/heartbeat"), Turn::plain);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/tasks/{taskId}/complete"), Turn::plain);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/tasks/{taskId}/fail"), Turn::plain);
  EXPECT_EQ(turn_of(http::Method::post, "/api/v1/auth/token"), Turn::plain);
  EXPECT_EQ(turn_of(http::Method::get, "/healthz"), Turn::plain);
}

}  // namespace
}  // namespace belfry::api
