#include "http/host_guard.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

Request with_host(std::string host) {
  Request request;
  request.headers = {{"Host", std::move(host)}};
  return request;
}

TEST(HostGuard, ServesLoopbackNamesWithAnyPort) {
  for (const auto* good :
       {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.10:1", "[::1]:80"}) {
    EXPECT_TRUE(serves_host(with_host(good), true, {})) << good;
  }
  EXPECT_TRUE(serves_host(Request{}, true, {}));
}

TEST(HostGuard, RefusesEveryOtherNameButTheAllowed) {
  for (const auto* bad : {"evil.example", "localhost.evil.example", "127.evil.example", "10.0.0.1",
                          "0.0.0.0", "[::1", "[::2]", "", ":8080"}) {
    EXPECT_FALSE(serves_host(with_host(bad), true, {"belfry.test"})) << bad;
    EXPECT_FALSE(serves_host(with_host(bad), false, {"belfry.test"})) << bad;
    EXPECT_TRUE(serves_host(with_host(bad), false, {})) << bad;
  }
  EXPECT_TRUE(serves_host(with_host("Belfry.Test:443"), true, {"belfry.test"}));
}

TEST(HostGuard, KnowsAPageOfAnotherOrigin) {
  auto request = with_host("belfry.test:8080");
  EXPECT_TRUE(is_same_origin(request));
  request.headers.set("Origin", "http://belfry.test:8080");
  EXPECT_TRUE(is_same_origin(request));
  for (const auto* other : {"http://evil.example", "http://belfry.test", "null", ""}) {
    request.headers.set("Origin", other);
    EXPECT_FALSE(is_same_origin(request)) << other;
  }
  auto fetched = with_host("belfry.test:8080");
  fetched.headers.set("Sec-Fetch-Site", "same-origin");
  EXPECT_TRUE(is_same_origin(fetched));
  fetched.headers.set("Sec-Fetch-Site", "same-site");
  EXPECT_FALSE(is_same_origin(fetched));
}

}  // namespace
}  // namespace belfry::http
