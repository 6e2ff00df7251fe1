#include "http/message.hpp"

#include <gtest/gtest.h>

#include "http/percent.hpp"
#include "http/problem.hpp"
#include "http/response_text.hpp"
#include "http/sse.hpp"

namespace belfry::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Headers, CompareWithoutCase) {
  Headers headers{{"Content-Type", "a"}, {"x-one", "1"}, {"X-ONE", "2"}};
  EXPECT_EQ(headers.get("content-type"), "a");
  EXPECT_EQ(headers.get("X-One"), "1");
  EXPECT_EQ(headers.count("x-one"), 2U);
  EXPECT_EQ(headers.get("absent"), std::nullopt);
  headers.set("X-one", "3");
  EXPECT_EQ(headers.count("x-one"), 1U);
  EXPECT_EQ(headers.get("x-one"), "3");
}

TEST(ParseQuery, DecodesInOrder) {
  EXPECT_EQ(parse_query("a=1&b=x+y%20z&a=%C3%BC&flag&=v&&c="),
            (Pairs{{"a", "1"}, {"b", "x y z"}, {"a", "ü"}, {"flag", ""}, {"", "v"}, {"c", ""}}));
  EXPECT_EQ(parse_query(""), Pairs{});
  EXPECT_EQ(parse_form("k%3D=a%26b=c"), (Pairs{{"k=", "a&b=c"}}));
}

TEST(ParseQuery, RefusesBrokenEscapesAndText) {
  for (const std::string_view raw :
       {"a=%", "a=%4", "a=%zz", "%GG=1", "a=%ff", "a=\xff", "a=%c0%af"}) {
    EXPECT_EQ(parse_query(raw), std::nullopt) << raw;
  }
}

TEST(DecodePath, KeepsSlashAndPercentEncoded) {
  EXPECT_EQ(decode_path("/a%20b/%41"), "/a b/A");
  EXPECT_EQ(decode_path("/a%2fb%2Fc%25"), "/a%2Fb%2Fc%25");
  for (const std::string_view raw : {"/%", "/%4", "/%g1", "/%00", "/%ff", "/%c3%28"}) {
    EXPECT_EQ(decode_path(raw), std::nullopt) << raw;
  }
}

TEST(ResponseHead, HasDateAndFraming) {
  const ManualClock clock(from_ms(784'111'777'000));
  DateText date(clock);
  Response response;
  response.status = 201;
  response.content_type = "text/plain";
  response.body = "abc";
  response.headers.add("Location", "/x\r\nEvil: 1");
  std::string out;
  append_head(out, response, BodyFraming::length, true, false, date.now());
  EXPECT_EQ(out,
            "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain\r\nLocation: /x  Evil: 1\r\nContent-Length: 3\r\n"
            "Connection: close\r\n\r\n");
}

TEST(Problem, SpreadsRetryAfterByAtMostHalfOfItAndAtLeastASecond) {
  struct Case {
    const char* told;
    double share;
    const char* spread;
  };
  for (const auto& [told, share, spread] :
       {Case{"10", 0, "10"}, Case{"10", 0.5, "13"}, Case{"10", 0.999, "15"}, Case{"1", 0.499, "1"},
        Case{"1", 0.5, "2"}, Case{"0", 0.999, "1"},
        Case{"Thu, 26 Nov 2026 08:00:00 GMT", 0.5, "Thu, 26 Nov 2026 08:00:00 GMT"}}) {
    Response response;
    response.headers.set("Retry-After", told);
    spread_retry_after(response, share);
    EXPECT_EQ(response.headers.get("Retry-After"), spread) << told << " " << share;
  }
  Response none;
  spread_retry_after(none, 0.5);
  EXPECT_FALSE(none.headers.get("Retry-After"));
}

TEST(DateText, MovesWithTheClock) {
  ManualClock clock(from_ms(784'111'777'000));
  DateText date(clock);
  EXPECT_EQ(date.now(), "Sun, 06 Nov 1994 08:49:37 GMT");
  clock.advance(Millis(999));
  EXPECT_EQ(date.now(), "Sun, 06 Nov 1994 08:49:37 GMT");
  clock.advance(Millis(1));
  EXPECT_EQ(date.now(), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(Sse, WritesEvents) {
  EXPECT_EQ(sse_event("7", "task", "{}"), "id: 7\nevent: task\ndata: {}\n\n");
  EXPECT_EQ(sse_event("", "", "a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(sse_event("1\n2", "x\r\ny", ""), "id: 1 2\nevent: x  y\ndata: \n\n");
  EXPECT_EQ(sse_comment("still\nhere"), ": still here\n\n");
}

TEST(ContentType, NamesATypeAndMaybeACharset) {
  const auto headers = [](std::string value) {
    return Headers{{"Content-Type", std::move(value)}};
  };
  EXPECT_TRUE(has_media_type(headers("Application/JSON;charset=utf-8"), "application/json"));
  EXPECT_FALSE(has_media_type(headers("application/jsonl"), "application/json"));
  EXPECT_FALSE(has_media_type(headers("application/json, text/plain"), "application/json"));
  for (const auto* good :
       {"application/json", "application/json; charset=utf-8", "a/b;CHARSET=UTF8",
        "a/b; x=y; charset=\"utf-8\"", "a/b;charset=us-ascii", "a/b;", ""}) {
    EXPECT_TRUE(is_utf_8(headers(good))) << good;
  }
  EXPECT_TRUE(is_utf_8({}));
  for (const auto* bad :
       {"application/json; charset=utf-16", "a/b;charset=", "a/b;charset=\"utf-16\"",
        "a/b; x=y;charset=latin1", "a/b; charset=utf-8; charset=utf-16"}) {
    EXPECT_FALSE(is_utf_8(headers(bad))) << bad;
  }
}

}  // namespace
}  // namespace belfry::http
