#include "json/value.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "json/check.hpp"

namespace belfry::json {
namespace {

TEST(Value, KnowsItsKind) {
  EXPECT_EQ(Value(" null ").kind(), Kind::null);
  EXPECT_EQ(Value("true").kind(), Kind::boolean);
  EXPECT_EQ(Value("-1").kind(), Kind::number);
  EXPECT_EQ(Value("\"\"").kind(), Kind::string);
  EXPECT_EQ(Value("[]").kind(), Kind::array);
  EXPECT_EQ(Value("\n{}\n").kind(), Kind::object);
  EXPECT_EQ(Value("\n{}\n").raw(), "{}");
  EXPECT_TRUE(Value().is_null());
}

TEST(Value, UnescapesStrings) {
  EXPECT_EQ(Value(R"("a\"\\\/\b\f\n\r\tz")").string(), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(Value(R"("\u0041\u00fc\u20ac\ud83d\ude00!")").string(), "Aü€😀!");
  EXPECT_EQ(Value(R"("\u0000")").string(), std::string(1, '\0'));
  EXPECT_EQ(Value("1").string(), std::nullopt);
}

TEST(Value, ReadsWholeNumbersExactly) {
  EXPECT_EQ(Value("9223372036854775807").int64(), INT64_MAX);
  EXPECT_EQ(Value("-9223372036854775808").int64(), INT64_MIN);
  EXPECT_EQ(Value("-0").int64(), 0);
  for (const std::string_view text :
       {"9223372036854775808", "1.0", "1e2", "\"1\"", "true", "null"}) {
    EXPECT_EQ(Value(text).int64(), std::nullopt) << text;
  }
}

TEST(Value, ReadsNumbersAndBooleans) {
  EXPECT_EQ(Value("0.25").number(), 0.25);
  EXPECT_EQ(Value("-1E2").number(), -100.0);
  EXPECT_EQ(Value("1e999").number(), std::nullopt);
  EXPECT_EQ(Value("\"1\"").number(), std::nullopt);
  EXPECT_EQ(Value("false").boolean(), false);
  EXPECT_EQ(Value("0").boolean(), std::nullopt);
}

TEST(Value, WalksMembersAsRawSlices) {
  const std::string_view text =
      R"( { "a" : 1 , "b\n":[ 1, {"x":"]}"} ],"c":"}\"," ,"d":{"e":null}, "f":-1.5e3} )";
  ASSERT_TRUE(check(text));
  std::vector<std::string> seen;
  for (const Member& member : Value(text).members()) {
    seen.push_back(member.key() + "=" + std::string(member.value.raw()));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a=1", "b\n=[ 1, {\"x\":\"]}\"} ]", "c=\"}\\\",\"",
                                            "d={\"e\":null}", "f=-1.5e3"}));
}

TEST(Value, WalksElements) {
  std::vector<std::string> seen;
  for (const Value& element : Value(R"([1 ,"a,b",[2,[3]], {} ,true,null])").elements()) {
    seen.emplace_back(element.raw());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "\"a,b\"", "[2,[3]]", "{}", "true", "null"}));
}

TEST(Value, EmptyContainersAndOtherKindsHaveNothingInside) {
  for (const std::string_view text : {"{}", "{ }", "[]", "[ \n]", "1", "\"{}\""}) {
    const Value value(text);
    EXPECT_TRUE(value.members().begin() == value.members().end()) << text;
    EXPECT_TRUE(value.elements().begin() == value.elements().end()) << text;
  }
}

TEST(Value, FindsAMemberByItsUnescapedKey) {
  const Value value(R"({"a":1,"\u0062":2})");
  EXPECT_EQ(value.find("b")->int64(), 2);
  EXPECT_FALSE(value.find("c"));
}

}  // namespace
}  // namespace belfry::json
