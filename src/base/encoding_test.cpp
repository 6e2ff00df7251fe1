#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace belfry {
namespace {

using std::chrono::minutes;

TEST(Hex, RoundTripsAndRefusesOtherSpellings) {
  EXPECT_EQ(hex_encode(std::string("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(hex_decode("00ff1a"), std::string("\x00\xff\x1a", 3));
  EXPECT_EQ(hex_decode(""), "");
  for (const auto* bad : {"0", "0g", "FF", " 0", "0x"}) EXPECT_FALSE(hex_decode(bad)) << bad;
}

TEST(Base64, KnowsTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
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
  EXPECT_EQ(base64_encode("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
}

TEST(Base64, RefusesEverySpellingButOne) {
  for (const auto* bad : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 8=", "Zm8=\n", "=",
                          "====", "Z===", "Zg==Zg==", "-_8=", "Zm9v=", "Zm9v====", "Zm\0v"}) {
    EXPECT_FALSE(base64_decode(bad)) << bad;
  }
  for (const auto* bad : {"Zg==", "Z", "Zh", "Zm9", "+/8", "Zm9v ", "Zm9vY"}) {
    EXPECT_FALSE(base64url_decode(bad)) << bad;
  }
}

TEST(Base64Url, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64Url, HasExactlyOneSpellingPerLastCharacter) {
  const std::string stem = base64url_encode(std::string(64, 'x')).substr(0, 85);
  int accepted = 0;
  for (int c = 0; c < 256; ++c) accepted += base64url_decode(stem + static_cast<char>(c)) ? 1 : 0;
  EXPECT_EQ(accepted, 4);  // 86 digits hold 64 bytes and 4 zero bits: 2 bits of data remain
}

TEST(Crc32, KnowsTheCheckValue) {
  EXPECT_EQ(crc32(""), 0U);
  EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
  EXPECT_EQ(crc32("The quick brown fox jumps over the lazy dog"), 0x414fa339U);
}

TEST(Crc32, IsTheSameInPieces) {
  const std::string_view text = "The quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32(text.substr(cut), crc32(text.substr(0, cut))), 0x414fa339U) << cut;
  }
}

TEST(Utf8, AcceptsWellFormedText) {
  for (const auto* good : {"", "plain ascii of some length", "\u00e9", "\u20ac", "\U0001f600",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "12345678\u00e9"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  EXPECT_TRUE(is_utf8(std::string("\0", 1)));
}

TEST(Utf8, RefusesIllFormedText) {
  for (const auto* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80",
        "\xff", "\xe2\x82", "abcdefg\xc3", "\xc3(", "\xf0\x9f\x98"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Time, FormatsInUtcWithMilliseconds) {
  EXPECT_EQ(format_time(from_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(from_ms(1'795'458'064'007)), "2026-11-23T18:21:04.007Z");
}

TEST(Time, ReadsRfc3339AndJavaTime) {
  const std::pair<const char*, const char*> table[] = {
      {"2026-01-01T12:00:00Z", "2026-01-01T12:00:00.000Z"},
      {"2026-01-01t12:00:00z", "2026-01-01T12:00:00.000Z"},
      {"2026-01-01T12:00:00.5Z", "2026-01-01T12:00:00.500Z"},
      {"2026-01-01T12:00:00.1239999Z", "2026-01-01T12:00:00.123Z"},
      {"2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00.000Z"},
      {"2026-01-01T12:00:00-05:30", "2026-01-01T17:30:00.000Z"},
      {"2026-01-01T00:30:00+23:59", "2025-12-31T00:31:00.000Z"},
      {"2026-01-01T12:00:00-00:00", "2026-01-01T12:00:00.000Z"},
      {"2026-01-01T12:00", "2026-01-01T12:00:00.000Z"},
      {"2026-01-01T12:00:05", "2026-01-01T12:00:05.000Z"},
      {"2026-01-01T12:00:05.123456789", "2026-01-01T12:00:05.123Z"},
      {"2027-01-02T03:04Z", "2027-01-02T03:04:00.000Z"},
      {"2026-12-01T02:00+01:00", "2026-12-01T01:00:00.000Z"},
      {"1969-12-31T23:59:59Z", "1970-01-01T00:00:00.000Z"},
      {"0001-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
      {"0001-01-01T00:00:00", "1970-01-01T00:00:00.000Z"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
      {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"},
      {"2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.999Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"}};
  for (const auto& [text, utc] : table) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_time(*time), utc) << text;
  }
}

TEST(Time, ReadsZoneLessTextInTheGivenZoneOnly) {
  const LocalTimeRule east = [](std::chrono::local_time<Millis> local) {
    return Timestamp{local.time_since_epoch()} - minutes{120};
  };
  EXPECT_EQ(parse_time("2026-01-01T12:00", east), parse_time("2026-01-01T10:00:00Z"));
  EXPECT_EQ(parse_time("2026-01-01T12:00:00Z", east), parse_time("2026-01-01T12:00:00Z"));
}

TEST(Time, RefusesEverythingElse) {
  for (const auto* bad : {"",
                          "2026",
                          "2026-01-01",
                          "2026-01-01T",
                          "2026-01-01T12",
                          "2026-01-01 12:00:00Z",
                          "2026-13-01T12:00:00Z",
                          "2026-00-01T12:00:00Z",
                          "2026-02-29T12:00:00Z",
                          "2026-04-31T12:00:00Z",
                          "2026-01-00T12:00:00Z",
                          "2026-01-01T24:00:00Z",
                          "2026-01-01T12:60:00Z",
                          "2026-01-01T12:00:61Z",
                          "2026-01-01T12:00:00.Z",
                          "2026-01-01T12:00:00.1234567890Z",
                          "2026-01-01T12:00:00+24:00",
                          "2026-01-01T12:00:00+01:60",
                          "2026-01-01T12:00:00+0100",
                          "2026-01-01T12:00:00+01",
                          "2026-01-01T12:00:00ZZ",
                          "2026-01-01T12:00:00Z ",
                          " 2026-01-01T12:00:00Z",
                          "26-01-01T12:00:00Z",
                          "+2026-01-01T12:00:00Z",
                          "9999-12-31T23:59:59-00:01",
                          "2026-1-1T12:00:00Z",
                          "2026-01-01T12:00:00,5Z",
                          "2026-01-01T1a:00:00Z",
                          "20260101T120000Z",
                          "2026-01-01T12:00:00[UTC]"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

}  // namespace
}  // namespace belfry
