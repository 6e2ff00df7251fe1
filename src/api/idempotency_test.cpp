#include "api/idempotency.hpp"

#include <gtest/gtest.h>

#include "domain/limits.hpp"

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

Result<std::optional<store::IdempotencyKey>> key_of(std::string header) {
  http::Request request;
  request.headers.add("Idempotency-Key", std::move(header));
  return idempotency_key(request);
}

TEST(Idempotency, AKeyHasALimit) {
  constexpr auto kMost = domain::kIdempotencyKeyBytesMax;
  const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
  for (const auto& bare : {std::string(1, 'k'), std::string(kMost, 'k')}) {
    for (const auto& header : {bare, quoted(bare)}) {
      const auto key = key_of(header);
      ASSERT_TRUE(key) << header;
      EXPECT_EQ((*key)->key, bare);
    }
  }
  for (const auto& bare : {std::string(), std::string(kMost + 1, 'k')}) {
    EXPECT_FALSE(key_of(bare)) << bare.size();
    EXPECT_FALSE(key_of(quoted(bare))) << bare.size();
  }
  // What an escape adds is no part of the key.
  std::string escaped;
  for (std::size_t i = 0; i < kMost; ++i) escaped += "\\\"";
  EXPECT_EQ((**key_of(quoted(escaped))).key, std::string(kMost, '"'));
  EXPECT_FALSE(key_of(quoted(escaped + "\\\"")));
}

TEST(Idempotency, AKeyIsPrintableAndStandsOnce) {
  for (const auto* good : {" ", "~", R"("a\\b")"}) EXPECT_TRUE(key_of(good)) << good;
  for (const auto* bad :
       {"\x1f", "\x7f", "\xc3\xa9", R"("a)", R"("ab)", R"(")", R"("a"b")", R"("a\b")"}) {
    EXPECT_FALSE(key_of(bad)) << bad;
  }
  http::Request request;
  EXPECT_FALSE(*idempotency_key(request)) << "none";
  for (const auto* same : {"k", "k"}) request.headers.add("Idempotency-Key", same);
  EXPECT_FALSE(idempotency_key(request));
}

}  // namespace
}  // namespace belfry::api
