#include "json/writer.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "base/encoding.hpp"
#include "json/check.hpp"
#include "json/value.hpp"

namespace belfry::json {
namespace {

std::string text_of(std::string_view text) {
  std::string out;
  Writer(out).string(text);
  return out;
}

TEST(Writer, WritesCompactJson) {
  std::string out;
  Writer json(out);
  json.begin_object();
  json.field("a", 1).field("b", "x").field("c", true).field("d", 0.5);
  json.key("e").begin_array().number(1).begin_array().end_array().null().string("").end_array();
  json.key("f")
      .begin_object()
      .end_object()
      .key("g")
      .raw("{\"x\":[1]}")
      .field("h", std::string("y"));
  json.field("i", std::optional<int>{}).field("j", std::optional<std::string>("z"));
  json.end_object();
  EXPECT_EQ(out, R"({"a":1,"b":"x","c":true,"d":0.5,"e":[1,[],null,""],"f":{},"g":{"x":[1]},)"
                 R"("h":"y","i":null,"j":"z"})");
  EXPECT_TRUE(check(out));
}

TEST(Writer, WritesNumbersThatReadBackTheSame) {
  std::string out;
  Writer json(out);
  json.begin_array();
  json.number(std::numeric_limits<std::int64_t>::min());
  json.number(std::numeric_limits<std::uint64_t>::max());
  json.number(0.1).number(1e300);
  json.number(std::numeric_limits<double>::infinity());
  json.number(std::numeric_limits<double>::quiet_NaN());
  json.end_array();
  EXPECT_EQ(out, "[-9223372036854775808,18446744073709551615,0.1,1e+300,null,null]");
}

TEST(Writer, EscapesWhatMustBe) {
  EXPECT_EQ(text_of("a\"b\\c\n\r\t\x01\x1f\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\\u007f\"");
  EXPECT_EQ(text_of("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\"\\u2028\\u2029\xe2\x80\xaa\"");
  EXPECT_EQ(text_of("ü€😀</script>"), "\"ü€😀</script>\"");
}

TEST(Writer, NeverWritesBrokenUtf8) {
  for (const std::string_view broken :
       {"\xff", "a\xc3", "\xc3(", "\xe2\x82", "\xed\xa0\x80", "\xf0\x9f\x98", "\xf5\x80\x80\x80",
        "\x80\x80", "\xc0\xaf"}) {
    const std::string out = text_of(broken);
    EXPECT_TRUE(is_utf8(out));
    EXPECT_TRUE(check(out)) << out;
    EXPECT_NE(out.find("\xef\xbf\xbd"), std::string::npos);
  }
}

TEST(Writer, EveryByteSurvivesARoundTrip) {
  std::string ascii;
  for (char c = 0; c >= 0 && c < 127; ++c) {
    ascii.push_back(c);
  }
  EXPECT_EQ(Value(text_of(ascii)).string(), ascii);
}

TEST(Writer, WritesTimes) {
  std::string out;
  Writer(out).time(from_ms(1'700'000'000'123));
  EXPECT_EQ(out, "\"2023-11-14T22:13:20.123Z\"");
}

}  // namespace
}  // namespace belfry::json
