#include "http/media_type.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

TEST(MediaType, IsWhatStandsBeforeTheParametersInLowerCase) {
  for (const auto* text : {"text/html", "Text/HTML", "text/html;charset=utf-8",
                           " text/html ; charset=utf-8", "text/html\t;x=+json", "text/html;"}) {
    EXPECT_EQ(media_type(text), "text/html") << text;
  }
  EXPECT_EQ(media_type("application/vnd.a.v1+JSON"), "application/vnd.a.v1+json");
}

TEST(MediaType, IsNothingIfNoneIsNamed) {
  for (const auto* text : {"", ";", "text", "text/", "/html", "text/html/x", "text/html x",
                           "text/html, text/plain", "te xt/html", "text /html", "text/h\xc3\xa9"}) {
    EXPECT_EQ(media_type(text), "") << text;
  }
}

TEST(MediaType, IsJsonByTheWholeNameOrBySuffix) {
  for (const auto* text :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/problem+json", "application/problem+JSON",
        "application/vnd.api+json ; version=1", "image/svg+json"}) {
    EXPECT_TRUE(is_json_type(text)) << text;
  }
  for (const auto* text :
       {"", "application/jsonl", "application/json-seq", "application/x-ndjson", "text/json",
        "text/html; x=+json", "text/html; application/json", "application/+json", "json", "+json",
        "application/json5", "application/problem+json+x", "application/json x",
        "text/plain, application/json"}) {
    EXPECT_FALSE(is_json_type(text)) << text;
  }
}

}  // namespace
}  // namespace belfry::http
