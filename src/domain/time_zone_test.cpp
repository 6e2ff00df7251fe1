#include "domain/time_zone.hpp"

#include <gtest/gtest.h>

namespace belfry::domain {
namespace {

std::string read(std::string_view zone, std::string_view local) {
  const auto found = TimeZone::find(zone);
  if (!found) return found.error().message;
  const auto time = parse_time(local, found->rule());
  return time ? format_time(*time) : "nothing";
}

TEST(TimeZone, FollowsTheZonesChanges) {
  EXPECT_EQ(read("Europe/Berlin", "2026-01-15T12:00"), "2026-01-15T11:00:00.000Z");
  EXPECT_EQ(read("Europe/Berlin", "2026-07-15T12:00"), "2026-07-15T10:00:00.000Z");
  EXPECT_EQ(read("Asia/Kathmandu", "2026-07-15T12:00:00.123"), "2026-07-15T06:15:00.123Z");
  EXPECT_EQ(read("America/New_York", "2026-07-15T12:00"), "2026-07-15T16:00:00.000Z");
  EXPECT_EQ(read("UTC", "2026-07-15T12:00"), "2026-07-15T12:00:00.000Z");
}

TEST(TimeZone, ATimeInAGapIsTheFirstInstantAfterIt) {
  EXPECT_EQ(read("Europe/Berlin", "2026-03-29T01:59:59.999"), "2026-03-29T00:59:59.999Z");
  EXPECT_EQ(read("Europe/Berlin", "2026-03-29T02:00"), "2026-03-29T01:00:00.000Z");
  EXPECT_EQ(read("Europe/Berlin", "2026-03-29T02:30:00.5"), "2026-03-29T01:00:00.000Z");
  EXPECT_EQ(read("Europe/Berlin", "2026-03-29T03:00"), "2026-03-29T01:00:00.000Z");
  EXPECT_EQ(read("Europe/Berlin", "2026-03-29T03:00:01"), "2026-03-29T01:00:01.000Z");
  // A whole day that Samoa left out.
  EXPECT_EQ(read("Pacific/Apia", "2011-12-30T12:00"), "2011-12-30T10:00:00.000Z");
}

TEST(TimeZone, ATimeThatComesTwiceIsTheFirst) {
  EXPECT_EQ(read("Europe/Berlin", "2026-10-25T02:30"), "2026-10-25T00:30:00.000Z");
  EXPECT_EQ(read("Europe/Berlin", "2026-10-25T03:00"), "2026-10-25T02:00:00.000Z");
}

TEST(TimeZone, GoesOnAfterTheDatabasesLastYear) {
  for (const auto* zone : {"Europe/Berlin", "America/New_York", "Australia/Sydney"}) {
    for (int later = 2038; later < 2100; ++later) {
      // 28 years are one turn of the calendar in this century.
      const auto earlier = later - 28 * ((later - 2037 + 27) / 28);
      for (const auto* rest : {"-01-15T12:00", "-07-15T12:00"}) {
        const auto at = [&](int year) { return read(zone, std::to_string(year) + rest).substr(4); };
        EXPECT_EQ(at(later), at(earlier)) << zone << later << rest;
      }
    }
  }
  EXPECT_EQ(read("Europe/Berlin", "2045-03-26T02:30"), "2045-03-26T01:00:00.000Z");
  EXPECT_EQ(read("Europe/Berlin", "9999-07-01T12:00"), "9999-07-01T10:00:00.000Z");
}

TEST(TimeZone, AnUnknownNameIsRefusedWithNearOnes) {
  const auto message = [](std::string_view name) { return TimeZone::find(name).error().message; };
  EXPECT_NE(message("Europe/Berln").find("Europe/Berlin"), std::string::npos);
  EXPECT_NE(message("europe/berlin").find("Europe/Berlin"), std::string::npos);
  EXPECT_NE(message("Kathmandu").find("Asia/Kathmandu"), std::string::npos);
  for (const auto* name : {"", "../etc/passwd", "/usr/share/zoneinfo/UTC", "+01:00", "120"}) {
    EXPECT_FALSE(TimeZone::find(name)) << name;
  }
}

}  // namespace
}  // namespace belfry::domain
