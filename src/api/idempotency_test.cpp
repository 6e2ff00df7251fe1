#include "api/idempotency.hpp"

#include <gtest/gtest.h>

namespace belfry::api {
namespace {

TEST(Idempotency, AFingerprintHoldsMethodPathAndBody) {
  http::Request request;
  request.method = http::Method::post;
  request.path = "/api/v1/tasks";
  request.headers.add("Idempotency-Key", "k");
  request.body = "{}";
  const auto print = [](http::Request sent) { return (*idempotency_key(sent))->fingerprint; };
  auto path = request, body = request, method = request;
  path.path = "/api/v1/tasks/bulk";
  body.body = "[]";
  method.method = http::Method::put;
  EXPECT_EQ(print(request), print(request));
  for (const auto& other : {path, body, method}) EXPECT_NE(print(request), print(other));
}

}  // namespace
}  // namespace belfry::api
