#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace belfry {
namespace {

TEST(Base64, KnowsTheVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base64_encode(plain), text);
    EXPECT_EQ(base64_decode(text), plain);
  }
}

TEST(Base64, RefusesEverySpellingButTheCanonicalOne) {
  for (const auto* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "Z===", "====", "Zg==\n",
                           " Zg==", "Zm9v=", "Zm-v", "Zm_v", "Zm9vY"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
  EXPECT_EQ(base64url_decode("Zg"), "f");
  for (const auto* text : {"Zg==", "Zh", "Zi", "Z", "Zm+v", "Zm/v", "Zm9v ", "Zm9"}) {
    EXPECT_FALSE(base64url_decode(text)) << text;
  }
}

TEST(Hex, RoundTripsAndRefusesTheRest) {
  EXPECT_EQ(hex_encode(std::string("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(hex_decode("00ff1a"), std::string("\x00\xff\x1a", 3));
  for (const auto* text : {"0", "0g", "FF", " 0"}) EXPECT_FALSE(hex_decode(text)) << text;
}

TEST(Crc32, KnowsItsCheckValue) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
}

TEST(Utf8, AcceptsWellFormedText) {
  for (const auto* text : {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x94\x94"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongSurrogatesAndTruncation) {
  for (const auto* text : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3",
                           "\xe2\x82", "\xff", "\x80", "a\xf0\x9f\x94"}) {
    EXPECT_FALSE(is_utf8(text)) << hex_encode(text);
  }
}

TEST(Time, FormatsUtcWithMilliseconds) {
  EXPECT_EQ(format_time(from_ms(1'763'922'064'123)), "2025-11-23T18:21:04.123Z");
  EXPECT_EQ(format_time(from_ms(0)), "1970-01-01T00:00:00.000Z");
}

TEST(Time, ReadsEveryAcceptedForm) {
  const auto noon = from_ms(1'767'268'800'000);  // 2026-01-01T12:00:00Z
  const std::pair<const char*, Timestamp> forms[] = {
      {"2026-01-01T12:00:00Z", noon},
      {"2026-01-01t12:00:00z", noon},
      {"2026-01-01T14:00:00+02:00", noon},
      {"2026-01-01T06:30:00-05:30", noon},
      {"2026-01-01T12:00", noon},
      {"2026-01-01T12:00:00", noon},
      {"2026-01-01T12:00:00.123456789", noon + Millis{123}},
      {"2026-01-01T12:00:00.5Z", noon + Millis{500}},
      {"2026-01-01T11:59:60Z", noon - Millis{1}},
  };
  for (const auto& [text, time] : forms) EXPECT_EQ(parse_time(text), time) << text;
  EXPECT_EQ(parse_time("2026-01-01T13:00", std::chrono::minutes{60}), noon);
}

TEST(Time, RefusesEverythingElse) {
  for (const auto* text :
       {"", "2026-01-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T12:60:00Z", "2026-01-01T12:00:61Z", "2026-01-01T12:00Z",
        "2026-01-01T12:00:00.Z", "2026-01-01T12:00:00.1234567890Z", "2026-01-01T12:00:00+0200",
        "2026-01-01T12:00:00+24:00", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00",
        "2026-01-01 12:00:00Z", "2026-01-01T12:00:00Zx", "10000-01-01T00:00:00Z", "tomorrow"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

}  // namespace
}  // namespace belfry
