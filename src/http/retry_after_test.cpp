#include "http/retry_after.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace belfry::http {
namespace {

using namespace std::chrono_literals;

// 2026-11-28T12:00:00Z
constexpr Timestamp kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 28} + 12h;

TEST(RetryAfter, IsANumberOfSeconds) {
  EXPECT_EQ(retry_after("0", kNow), kNow);
  EXPECT_EQ(retry_after("1", kNow), kNow + 1s);
  EXPECT_EQ(retry_after("007", kNow), kNow + 7s);
  EXPECT_EQ(retry_after(" 120\t", kNow), kNow + 120s);
}

TEST(RetryAfter, RoundsAFractionUp) {
  EXPECT_EQ(retry_after("1.5", kNow), kNow + 2s);
  EXPECT_EQ(retry_after("0.0001", kNow), kNow + 1s);
  EXPECT_EQ(retry_after("2.000", kNow), kNow + 2s);
  EXPECT_EQ(retry_after("2.99999999999999999999999999", kNow), kNow + 3s);
}

TEST(RetryAfter, IsADateInEachOfTheThreeForms) {
  constexpr Timestamp kLater = kNow + 5min + 7s;
  EXPECT_EQ(retry_after("Sat, 28 Nov 2026 12:05:07 GMT", kNow), kLater);
  EXPECT_EQ(retry_after("Saturday, 28-Nov-26 12:05:07 GMT", kNow), kLater);
  EXPECT_EQ(retry_after("Sat Nov 28 12:05:07 2026", kNow), kLater);
  EXPECT_EQ(retry_after("Sun Nov  6 08:49:37 1994", kNow),
            std::chrono::sys_days{std::chrono::year{1994} / 11 / 6} + 8h + 49min + 37s);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow),
            retry_after("Sunday, 06-Nov-94 08:49:37 GMT", kNow));
  EXPECT_EQ(retry_after("Sat, 28 Nov 2026 12:59:60 GMT", kNow), kNow + 1h);  // a leap second
}

TEST(RetryAfter, PutsAYearOfTwoDigitsWithinFiftyYears) {
  constexpr Timestamp kEve =
      std::chrono::sys_days{std::chrono::year{2099} / 12 / 31} + 23h + 59min + 50s;
  EXPECT_EQ(retry_after("Friday, 01-Jan-00 00:00:00 GMT", kEve), kEve + 10s);
  EXPECT_EQ(retry_after("Wednesday, 01-Jan-77 00:00:00 GMT", kNow),
            Timestamp{std::chrono::sys_days{std::chrono::year{1977} / 1 / 1}});
}

TEST(RetryAfter, IsBelievedForADay) {
  for (const auto* value : {"86400", "86401", "86400.5", "4000000000", "99999999999999999999999999",
                            "99999999999999999999999999.5", "Sun, 29 Nov 2026 12:00:01 GMT",
                            "Friday, 31-Dec-49 23:59:59 GMT", "Fri Dec 31 23:59:59 9999"}) {
    EXPECT_EQ(retry_after(value, kNow), kNow + 24h) << value;
  }
  EXPECT_EQ(retry_after("86399", kNow), kNow + 86'399s);
}

TEST(RetryAfter, IsNothingInAnyOtherText) {
  for (const auto* value : {"",
                            " ",
                            "soon",
                            "-1",
                            "+1",
                            "1s",
                            "1 0",
                            ".5",
                            "5.",
                            "1.5.2",
                            "1,5",
                            "0x10",
                            "1e3",
                            "NaN",
                            "Sat, 28 Nov 2026 12:05:07",
                            "Sat, 28 Nov 2026 12:05:07 UTC",
                            "Sat, 31 Feb 2026 12:05:07 GMT",
                            "Sat, 00 Nov 2026 12:05:07 GMT",
                            "Sat, 28 Nov 2026 24:05:07 GMT",
                            "Sat, 28 Nov 2026 12:60:07 GMT",
                            "Sat, 28 Nov 2026 12:05:61 GMT",
                            "Sat, 28 Xov 2026 12:05:07 GMT",
                            "Sat, 28 Nov 2026 12:05:07 GMT+1",
                            "Xat, 28 Nov 2026 12:05:07 GMT",
                            "Sat, 8 Nov 2026 12:05:07 GMT",
                            "Sat, 28-Nov-26 12:05:07 GMT",
                            "Saturday, 28-Nov-2026 12:05:07 GMT",
                            "Sat Nov 28 12:05:07 2026 GMT",
                            "2026-11-28T12:05:07Z"}) {
    EXPECT_FALSE(retry_after(value, kNow)) << value;
  }
  EXPECT_FALSE(retry_after(std::string_view("12\0", 3), kNow));
}

TEST(RetryAfter, IsHeededOnRefusalsThatPass) {
  for (int status = 100; status < 600; ++status) {
    const bool passes = status == 403 || status == 413 || status == 429 || status == 502 ||
                        status == 503 || status == 504;
    EXPECT_EQ(heeds_retry_after(status), passes) << status;
  }
}

}  // namespace
}  // namespace belfry::http
