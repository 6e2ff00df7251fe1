#include "domain/latency.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace belfry::domain {
namespace {

constexpr std::int64_t kDay = 24 * 3'600'000;

std::int64_t upper_of(std::int64_t ms) {
  LatencyHistogram h;
  h.add(Millis{ms});
  return h.percentile(0.5)->count();
}

TEST(Latency, EmptyHasNoPercentile) {
  const LatencyHistogram h;
  EXPECT_EQ(h.percentile(0.5), std::nullopt);
  EXPECT_EQ(h.count(), 0U);
  EXPECT_EQ(h.encode(), "");
}

TEST(Latency, ABucketIsAtMostNineteenPercentWide) {
  std::vector<std::int64_t> values = {0, 1, 2, 3, 7, 99, 100, 101, 86'399'999, kDay};
  std::mt19937_64 engine(3);
  for (int i = 0; i < 2'000; ++i) {
    values.push_back(static_cast<std::int64_t>(engine() % (std::uint64_t{1} << (i % 26 + 1))));
  }
  for (const auto value : values) {
    const auto upper = upper_of(value);
    EXPECT_GE(upper, value);
    EXPECT_LE(static_cast<double>(upper), static_cast<double>(value) * 1.19) << value;
  }
}

TEST(Latency, WhatIsOutOfRangeCountsAtTheEnds) {
  EXPECT_EQ(upper_of(-5), 0);
  EXPECT_EQ(upper_of(kDay + 1), kDay);
  EXPECT_EQ(upper_of(std::numeric_limits<std::int64_t>::max()), kDay);
}

TEST(Latency, PercentilesOfAKnownSet) {
  LatencyHistogram h;
  for (int ms = 1; ms <= 1'000; ++ms) h.add(Millis{ms});
  const auto near = [&h](double q, double exact) {
    const auto got = static_cast<double>(h.percentile(q)->count());
    EXPECT_GE(got, exact);
    EXPECT_LE(got, exact * 1.19);
  };
  near(0.0, 1);
  near(0.5, 500);
  near(0.95, 950);
  near(0.99, 990);
  near(1.0, 1'000);
  EXPECT_EQ(h.percentile(-1), h.percentile(0));
  EXPECT_EQ(h.percentile(7), h.percentile(1));
  EXPECT_EQ(h.percentile(std::numeric_limits<double>::quiet_NaN()), h.percentile(0));
}

TEST(Latency, MergingIsAddingTogether) {
  LatencyHistogram a, b, both;
  for (int ms = 0; ms < 5'000; ms += 7) {
    (ms % 2 == 0 ? a : b).add(Millis{ms}, 3);
    both.add(Millis{ms}, 3);
  }
  a.merge(b);
  EXPECT_EQ(a, both);
}

TEST(Latency, CountsSaturate) {
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  LatencyHistogram h;
  h.add(Millis{5}, kMax);
  h.add(Millis{5}, 1);
  h.merge(h);
  EXPECT_EQ(h.count(), kMax);
}

TEST(Latency, EncodesWhatItHoldsAndLittleMore) {
  LatencyHistogram h;
  h.add(Millis{12}, 3);
  h.add(Millis{40'000}, 100);
  EXPECT_LE(h.encode().size(), 8U);
  EXPECT_EQ(LatencyHistogram::decode(h.encode()), h);
  for (std::int64_t ms = 0; ms <= kDay; ms = ms * 2 + 1) h.add(Millis{ms}, 1'000'000);
  h.add(Millis{kDay});
  EXPECT_EQ(LatencyHistogram::decode(h.encode()), h);
}

TEST(Latency, RefusesBytesThatItDidNotMake) {
  using namespace std::string_literals;
  const std::vector<std::string> hostile = {"\x00"s,
                                            "\x01"s,
                                            "\x02\x00\x01"s,
                                            "\x01\x00"s,
                                            "\x01\x00\x00"s,
                                            "\x01\x6c\x01"s,
                                            "\x01\x80\x00\x01"s,
                                            "\x01\xff\xff\xff\xff\xff\x01"s,
                                            "\x01\x6b\x01\x00\x01"s,
                                            "\x01\x00\x80\x80\x80\x80\x10"s};
  for (const auto& bytes : hostile) {
    EXPECT_EQ(LatencyHistogram::decode(bytes), std::nullopt) << testing::PrintToString(bytes);
  }
  // The neighbours of two of them are fine, so the table above can fail.
  EXPECT_TRUE(LatencyHistogram::decode("\x01\x6b\x01"s));
  EXPECT_TRUE(LatencyHistogram::decode("\x01\x00\xff\xff\xff\xff\x0f"s));
}

}  // namespace
}  // namespace belfry::domain
