#include "http/header_check.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

const HeadLimits kLimits;

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

TEST(CheckHead, TellsWhatAGoodHeadSays) {
  const auto facts = check_head(
      "POST /a%20b?x=1?y HTTP/1.1\r\nHost: h:80\r\ncontent-LENGTH:  5 \r\nX: \t \r\n"
      "Expect: 100-Continue\r\nConnection: foo, Close\r\nContent-Encoding: identity\r\n\r\n",
      kLimits);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->method, Method::post);
  EXPECT_EQ(facts->path, "/a b");
  EXPECT_EQ(facts->query, "x=1?y");
  EXPECT_EQ(facts->framing, HeadFacts::Framing::length);
  EXPECT_EQ(facts->content_length, 5U);
  EXPECT_TRUE(facts->expects_continue);
  EXPECT_FALSE(facts->keep_alive);
  EXPECT_EQ(facts->headers.get("x"), "");
}

TEST(CheckHead, KeepsTheConnectionByVersion) {
  EXPECT_TRUE(check_head(get(""), kLimits)->keep_alive);
  EXPECT_FALSE(check_head("GET / HTTP/1.0\r\n\r\n", kLimits)->keep_alive);
  EXPECT_TRUE(check_head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", kLimits)->keep_alive);
  EXPECT_FALSE(
      check_head("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", kLimits)->expects_continue);
}

TEST(CheckHead, TakesTheAbsoluteForm) {
  const auto facts = check_head("GET HTTP://H/x?q HTTP/1.1\r\nHost: h\r\n\r\n", kLimits);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->path, "/x");
  EXPECT_EQ(facts->query, "q");
  EXPECT_EQ(check_head("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", kLimits)->path, "/");
  EXPECT_EQ(check_head("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", kLimits)->path, "*");
}

TEST(CheckHead, TheHostIsANameOrAnAddressAndMaybeAPort) {
  const auto with_host = [](std::string_view host) {
    return check_head("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", kLimits);
  };
  for (const auto* good : {"h", "h:", "h:0", "h:65535", "a-b_c.example:80", "192.0.2.1:80", "[::1]",
                           "[::1]:8080", "[2001:db8::1]:"}) {
    EXPECT_TRUE(with_host(good)) << good;
  }
  for (const auto* bad : {"[::1].evil.example",
                          "[::1]x",
                          "[::1",
                          "[]",
                          "[h]",
                          "[::1%1]",
                          "::1",
                          "h:99999",
                          "h:abc",
                          "h:65536",
                          "h:-1",
                          "h:1:2",
                          ":80",
                          "h:80]",
                          "[::1]:99999",
                          "[::1]:abc",
                          "[[::1]]",
                          "h[::1]",
                          "user@h",
                          "a,b",
                          "a b"}) {
    const auto facts = with_host(bad);
    ASSERT_FALSE(facts) << bad;
    EXPECT_EQ(facts.error().code, ErrorCode::malformed_request);
  }
}

TEST(CheckHead, RefusesTwoContentTypes) {
  const auto twice = check_head(get("Content-Type: a/b\r\ncontent-type: a/b\r\n"), kLimits);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::malformed_request);
}

TEST(CheckHead, RefusesABlockThatIsCutOrTooLong) {
  const std::string whole = get("A: b\r\n");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(check_head(whole.substr(0, length), kLimits)) << length;
  }
  EXPECT_TRUE(check_head(whole, kLimits));
  EXPECT_FALSE(check_head(whole + "x", kLimits));
}

TEST(CheckHead, RefusesEveryControlByteAnywhere) {
  const std::string good = get("A: b\r\n");
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int byte : {0, 1, 8, 10, 11, 12, 13, 27, 127}) {
      std::string bad = good;
      bad.insert(at, 1, static_cast<char>(byte));
      EXPECT_FALSE(check_head(bad, kLimits)) << "byte " << byte << " at " << at;
    }
  }
}

TEST(CheckHead, HoldsTheLimits) {
  std::string fields;
  for (std::size_t i = 1; i < kLimits.fields_max; ++i) {
    fields += "A: b\r\n";
  }
  EXPECT_TRUE(check_head(get(fields), kLimits));
  EXPECT_EQ(check_head(get(fields + "A: b\r\n"), kLimits).error().code,
            ErrorCode::headers_too_large);
  EXPECT_EQ(
      check_head(get("A: " + std::string(kLimits.bytes_max, 'b') + "\r\n"), kLimits).error().code,
      ErrorCode::headers_too_large);
  const auto line = [](std::size_t length) {
    return "GET /" + std::string(length - 14, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  EXPECT_TRUE(check_head(line(kLimits.line_bytes_max), kLimits));
  EXPECT_EQ(check_head(line(kLimits.line_bytes_max + 1), kLimits).error().code,
            ErrorCode::uri_too_long);
}

TEST(HeadLength, FindsTheEndHoweverTheBytesCome) {
  const std::string head = get("A: b\r\n");
  const std::string bytes = head + "GET /next";
  std::size_t scanned = 0;
  for (std::size_t length = 0; length <= head.size(); ++length) {
    const std::size_t found = head_length(std::string_view(bytes).substr(0, length), scanned);
    EXPECT_EQ(found, length < head.size() ? 0U : head.size()) << length;
    scanned = length;
  }
}

TEST(HeadLength, GivesBackAtOnceWhatCannotBecomeAHead) {
  for (const std::string_view bytes :
       {std::string_view("GET / HTTP/1.1\nHost"), std::string_view("GET / HTTP/1.1\rHost"),
        std::string_view("\n"), std::string_view("GET \0", 5), std::string_view("A\r\nB\n")}) {
    EXPECT_NE(head_length(bytes, 0), 0U);
  }
}

}  // namespace
}  // namespace belfry::http
