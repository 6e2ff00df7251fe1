#include "belfry/json.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace belfry::client {
namespace {

TEST(Json, ReadsAndWritesEveryKind) {
  const std::string text = R"({"a":[1,2.5,"x\n",true,null],"b":{"c":-9007199254740993}})";
  const auto json = Json::parse(text);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->dump(), text);
  EXPECT_EQ((*json)["b"]["c"].integer_or(0), -9007199254740993);
  EXPECT_TRUE((*json)["b"]["nothing"]["deeper"].is_null());
  for (const auto* bad : {"", "{", "[1,]", R"({"a":1,"a":2})", "nul"}) {
    EXPECT_FALSE(Json::parse(bad)) << bad;
  }
}

TEST(Json, WritesEveryNumberAsItCame) {
  for (const auto* text :
       {"0", "-0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "18446744073709551615", "0.1", "0.10", "1.0", "1e3", "1E400", "-1e-400",
        "3.14159265358979323846264338327950288", "123456789012345678901234567890"}) {
    const auto json = Json::parse(std::string("[") + text + ",null]");
    ASSERT_TRUE(json) << text;
    EXPECT_EQ(json->dump(), std::string("[") + text + ",null]");
  }
}

TEST(Json, KeepsUnsignedNumbersThatNoSignedOneHolds) {
  const Json most(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(most.dump(), "18446744073709551615");
  EXPECT_EQ(most.integer_or(-7), -7);
  EXPECT_EQ(most.number_or(0), 18446744073709551615.0);
  EXPECT_EQ(most, *Json::parse("18446744073709551615"));
  const Json fits(std::uint64_t{9'223'372'036'854'775'807u});
  EXPECT_EQ(fits.integer_or(0), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Json(std::numeric_limits<std::int64_t>::min()).dump(), "-9223372036854775808");
  EXPECT_EQ(Json(7u).integer_or(0), 7);
}

TEST(Json, ReadsExactNumbersWhereTheyFit) {
  EXPECT_EQ(Json::parse("0.10")->number_or(0), 0.1);
  EXPECT_EQ(Json::parse("-0")->number_or(7), 0.0);
  EXPECT_EQ(Json::parse("1e3")->number_or(0), 1000.0);
  EXPECT_EQ(Json::parse("1e3")->integer_or(7), 7);
  EXPECT_EQ(Json::parse("1e400")->number_or(7), 7.0);
}

TEST(Json, KeepsRawTextToTheCharacter) {
  const auto raw = Json::raw(R"( {"b":1.50,  "a":"\u00e4"} )");
  ASSERT_TRUE(raw);
  EXPECT_EQ(Json::object({{"payload", *raw}}).dump(), R"({"payload":{"b":1.50,  "a":"\u00e4"}})");
  EXPECT_TRUE(raw->members().empty());
  EXPECT_EQ(raw->string_or("none"), "none");
  EXPECT_EQ(Json::raw("1.50")->number_or(0), 1.5);
  for (const auto* bad : {"", "{", "1 2", R"({"a":1,"a":2})", "\"\xff\""}) {
    EXPECT_FALSE(Json::raw(bad)) << bad;
  }
}

}  // namespace
}  // namespace belfry::client
