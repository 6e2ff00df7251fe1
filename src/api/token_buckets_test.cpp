#include "api/token_buckets.hpp"

#include <gtest/gtest.h>

#include <string>

namespace belfry::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Moment = std::chrono::nanoseconds;

const Rate kTenASecond{10, seconds{1}};

int allowed_of(TokenBuckets<std::string>& buckets, int asked, Moment now) {
  int allowed = 0;
  for (int i = 0; i < asked; ++i) allowed += buckets.take("a", kTenASecond, now).allowed ? 1 : 0;
  return allowed;
}

TEST(TokenBuckets, AFullBucketIsTakenAtOnceAndFilledEvenly) {
  TokenBuckets<std::string> buckets;
  const Moment start = seconds{100};
  EXPECT_EQ(allowed_of(buckets, 20, start), 10);
  EXPECT_EQ(allowed_of(buckets, 20, start + milliseconds{99}), 0);
  EXPECT_EQ(allowed_of(buckets, 20, start + milliseconds{100}), 1);
  EXPECT_EQ(allowed_of(buckets, 20, start + milliseconds{600}), 5);
  EXPECT_EQ(allowed_of(buckets, 20, start + seconds{60}), 10) << "it never holds more";
}

TEST(TokenBuckets, SaysWhatIsLeftAndHowLongToWait) {
  TokenBuckets<std::string> buckets;
  const Moment now = seconds{100};
  for (int left = 9; left >= 0; --left) {
    EXPECT_EQ(buckets.take("a", kTenASecond, now).remaining, left);
  }
  const auto refused = buckets.take("a", kTenASecond, now);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.wait, milliseconds{100});
  EXPECT_TRUE(buckets.take("a", kTenASecond, now + refused.wait).allowed);
}

TEST(TokenBuckets, KeysAreCountedApart) {
  TokenBuckets<std::string> buckets;
  EXPECT_EQ(allowed_of(buckets, 11, seconds{1}), 10);
  EXPECT_TRUE(buckets.take("b", kTenASecond, seconds{1}).allowed);
}

TEST(TokenBuckets, ARateThatWasLoweredHoldsAtOnce) {
  TokenBuckets<std::string> buckets;
  EXPECT_EQ(allowed_of(buckets, 10, seconds{1}), 10);
  EXPECT_FALSE(buckets.take("a", {1, seconds{1}}, seconds{1}).allowed);
}

TEST(TokenBuckets, HoldsABoundedNumberAndLimitsTheOthersTogether) {
  TokenBuckets<std::string> buckets;
  const auto most = buckets.kShards * buckets.kBucketsAShard;
  const Moment now = seconds{100};
  std::size_t allowed = 0;
  for (std::size_t i = 0; i < 3 * most; ++i) {
    allowed += buckets.take(std::to_string(i), kTenASecond, now).allowed ? 1 : 0;
  }
  EXPECT_LE(buckets.size(), most);
  EXPECT_LE(allowed, most + buckets.kShards * 10);
  EXPECT_EQ(allowed_of(buckets, 1, now + seconds{60}), 1) << "full buckets make room";
}

}  // namespace
}  // namespace belfry::api
