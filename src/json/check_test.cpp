#include "json/check.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "json/keyed_hash.hpp"

namespace belfry::json {
namespace {

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(Check, AcceptsJson) {
  for (const std::string_view text :
       {R"({})", R"([])", R"(null)", R"(true)", R"("x")", R"(-0.5e+10)",
        R"( {"a" : [1,2,{"b":""}]} )", R"({"a":{"a":{"a":1}}})",
        R"(["\ud83d\ude00", "\u0000", "ü€😀"])", "\t[1]\r\n", R"([{"k":1},{"k":2}])",
        R"(123456789012345678901234567890)", R"({"":1})"}) {
    const auto result = check(text);
    EXPECT_TRUE(result) << text << ": " << result.error().message;
  }
}

TEST(Check, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"",
                                      "  ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "'a'",
                                      "[1] 2",
                                      "nul",
                                      "tru e",
                                      "01",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "NaN",
                                      "Infinity",
                                      "-",
                                      "\"a\nb\"",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "// c\n1",
                                      "/* c */1",
                                      "[1 2]",
                                      "{\"a\" 1}",
                                      "{\"a\":}",
                                      "\xef\xbb\xbf{}",
                                      "[1]]",
                                      "\"abc",
                                      "{\"a\":1",
                                      "0x10",
                                      "[,1]",
                                      "\x01",
                                      "\"\\",
                                      "{1:2}"}) {
    const auto result = check(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_json) << text << result.error().message;
  }
  EXPECT_FALSE(check(std::string_view("[1]\0", 4)));
  EXPECT_FALSE(check(std::string_view("\"\0\"", 3)));
}

TEST(Check, RefusesBrokenUtf8) {
  for (const std::string_view text :
       {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xe2\x82\"", "\"\xf5\x80\x80\x80\"",
        "\"\x80\"", "{\"\xc3\":1}", "\xff"}) {
    const auto result = check(text);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_encoding);
  }
}

TEST(Check, TellsThePlace) {
  const auto result = check("{\n  \"a\": 1,\n  \"b\": x\n}");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("line 3"), std::string::npos) << result.error().message;
}

TEST(Check, CountsDepth) {
  EXPECT_TRUE(check(nested(32)));
  const auto result = check(nested(33));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::json_too_deep);
  EXPECT_FALSE(check(nested(3), 2));
  const auto huge = check(std::string(1'000'000, '['));
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, ErrorCode::json_too_deep);
}

struct Duplicate {
  std::string_view text;
  std::string_view pointer;
};

TEST(Check, NamesTheKeyThatAppearsTwice) {
  for (const auto& [text, pointer] :
       {Duplicate{R"({"a":1,"a":2})", "/a"}, Duplicate{R"({"a":1,"\u0061":2})", "/a"},
        Duplicate{R"({"x":[0,{"p":1,"q":{"r":1,"r":2}}]})", "/x/1/q/r"},
        Duplicate{R"([[],{"a/b~":1,"b":2,"a\/b~":1}])", "/1/a~1b~0"},
        Duplicate{R"({"":1,"":2})", "/"}, Duplicate{R"({"a":{"b":1},"c":2,"a":{}})", "/a"}}) {
    const auto result = check(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, ErrorCode::duplicate_key);
    ASSERT_EQ(result.error().fields.total(), 1U);
    EXPECT_EQ(result.error().fields.listed()[0].pointer, pointer);
  }
}

std::string object_of(std::size_t keys) {
  std::string text = "{";
  for (std::size_t i = 0; i < keys; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  return text;
}

TEST(Check, FindsADuplicateInLargeObjects) {
  for (const std::size_t keys : {15U, 16U, 17U, 31U, 32U, 33U, 64U, 1'000U}) {
    const std::string text = object_of(keys);
    EXPECT_TRUE(check(text + "}")) << keys;
    for (const std::size_t again : {std::size_t{0}, keys / 2, keys - 1}) {
      const auto result = check(text + ",\"" + std::to_string(again) + "\":1}");
      ASSERT_FALSE(result) << keys;
      EXPECT_EQ(result.error().code, ErrorCode::duplicate_key);
    }
  }
}

TEST(Check, CutsAHugeKeyInThePointer) {
  const std::string key(1'000'000, 'k');
  const auto result = check("{\"" + key + "\":1,\"" + key + "\":2}");
  ASSERT_FALSE(result);
  EXPECT_LT(result.error().fields.listed().at(0).pointer.size(), 200U);
}

TEST(Check, StaysLinearOnSixteenMebibytesOfKeys) {
  const std::string object = object_of(kOpenKeysMax - 1) + "}";
  std::string text = "[" + object;
  while (text.size() < 16 * 1024 * 1024) text += "," + object;
  text += "]";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(check(text));
  // A quadratic check would take hours; the bound only has to survive sanitizers and a busy
  // machine.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Check, RefusesMoreKeysThanAnyPayloadHas) {
  EXPECT_TRUE(check(object_of(kOpenKeysMax) + "}"));
  const auto result = check(object_of(kOpenKeysMax + 1) + "}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::payload_too_large);
  // Objects around it count, those beside it do not.
  EXPECT_FALSE(check("{\"around\":" + object_of(kOpenKeysMax) + "}}"));
  EXPECT_TRUE(check("[" + object_of(kOpenKeysMax) + "}," + object_of(1) + "}]"));
}

TEST(KeyedHash, DependsOnEveryByteAndTheLength) {
  EXPECT_EQ(keyed_hash("abcdefgh"), keyed_hash("abcdefgh"));
  EXPECT_NE(keyed_hash("abcdefgh"), keyed_hash("abcdefgi"));
  EXPECT_NE(keyed_hash("abc"), keyed_hash(std::string_view("abc\0", 4)));
  EXPECT_NE(keyed_hash(""), keyed_hash(std::string_view("\0", 1)));
}

TEST(CheckSyntax, PassesWhatIsWrongInsideStringsAndKeysAlone) {
  for (const std::string& text : {std::string(R"(["\ud83d"])"), std::string("[\"\xff\"]"),
                                  std::string(R"({"a":1,"a":2})"), nested(1'000)}) {
    EXPECT_FALSE(check(text)) << text;
    EXPECT_TRUE(check_syntax(text)) << text;
  }
  for (const std::string& text : {std::string("[1,]"), std::string("\xff"), nested(1'001)}) {
    EXPECT_FALSE(check_syntax(text)) << text;
  }
}

TEST(ReplaceBadCharacters, TouchesNothingElse) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {R"("\ud83d")", R"("\ufffd")"},
      {R"("\uDE00x")", R"("\ufffdx")"},
      {R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
      {R"("\ude00\ud83d")", R"("\ufffd\ufffd")"},
      {R"("\\ud83d \u0000 \" \ud7ff")", R"("\\ud83d \u0000 \" \ud7ff")"},
      {R"("\\\ud83d")", R"("\\\ufffd")"},
      {"\"a\xff\xc3\xa4\xf0\x9f\x98\"",
       "\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {R"("\ud8")", R"("\ud8")"},
      {R"("\ud8zz")", R"("\ud8zz")"}};
  for (const auto& [before, after] : kCases) {
    std::string text(before);
    EXPECT_EQ(replace_bad_characters(text) > 0, before != after) << before;
    EXPECT_EQ(text, after);
  }
}

}  // namespace
}  // namespace belfry::json
