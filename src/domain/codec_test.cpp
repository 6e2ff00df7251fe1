#include "domain/codec.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "domain/task.hpp"

namespace belfry::domain {
namespace {

TaskOptions full_options() {
  TaskOptions options;
  options.target = HttpTarget{.url = "https://tenant.example/run?x=1",
                              .method = "PUT",
                              .headers = {{"X-Shop", "7"}, {"X-Empty", ""}},
                              .timeout = Millis{12'345}};
  options.retry = RetryPolicy{.max_attempts = 7,
                              .backoff = Backoff::linear,
                              .initial = Millis{250},
                              .max = Millis{60'000},
                              .jitter = 0.35};
  options.timeout = Millis{1};
  options.callback_url = "https://tenant.example/done";
  options.tags = {"a", "", "c"};
  options.labels = {{"run", std::string("\0\xff", 2)}, {"", "x"}};
  options.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  options.tracestate = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
  return options;
}

TEST(Codec, OptionsComeBackAsTheyWere) {
  std::vector<TaskOptions> all(9);
  all[0] = full_options();
  all[1].target = WorkerTarget{};
  all[2].target = EchoTarget{.delay = Millis{500}, .fail_times = 2};
  all[3].target = HttpTarget{};
  all[4].retry = RetryPolicy{};
  all[5].timeout = Millis{0};
  all[6].tags = {std::string(300, 't')};
  all[7].callback_url = "x";
  for (const auto& options : all) EXPECT_EQ(decode_options(encode(options)), options);
}

TEST(Codec, WhatSaysNothingTakesNoBytes) {
  EXPECT_EQ(encode(TaskOptions{}), "");
  EXPECT_EQ(encode(std::optional<Target>()), "");
  EXPECT_EQ(encode(std::optional<RetryPolicy>()), "");
  ASSERT_TRUE(decode_target("").has_value());
  EXPECT_FALSE(decode_target("")->has_value());
  ASSERT_TRUE(decode_retry("").has_value());
  EXPECT_FALSE(decode_retry("")->has_value());
  TaskOptions callback;
  callback.callback_url = std::string(40, 'u');
  EXPECT_EQ(encode(callback).size(), 43U);
}

TEST(Codec, EveryTruncationAndExtensionIsRefused) {
  const auto bytes = encode(full_options());
  for (std::size_t n = 1; n < bytes.size(); ++n) {
    const auto part = decode_options(bytes.substr(0, n));
    // A cut at a field's end is a shorter, valid value: of its own spelling.
    if (part) EXPECT_EQ(encode(*part), bytes.substr(0, n));
  }
  EXPECT_EQ(decode_options(bytes + '\0'), std::nullopt);
  const auto target = encode(full_options().target);
  const auto retry = encode(full_options().retry);
  for (std::size_t n = 1; n < target.size(); ++n) {
    EXPECT_EQ(decode_target(target.substr(0, n)), std::nullopt) << n;
  }
  for (std::size_t n = 1; n < retry.size(); ++n) {
    EXPECT_EQ(decode_retry(retry.substr(0, n)), std::nullopt) << n;
  }
  EXPECT_EQ(decode_target(target + 'x'), std::nullopt);
  EXPECT_EQ(decode_retry(retry + 'x'), std::nullopt);
}

TEST(Codec, HostileBytesAreRefused) {
  using namespace std::string_literals;
  const std::vector<std::string> hostile = {
      "\x00"s,                   // no such version
      "\x02\x03\x01"s,           // a newer one
      "\x01"s,                   // the empty value has one spelling: no bytes
      "\x01\x00\x01"s,           // field 0
      "\x01\x08\x01"s,           // an unknown field
      "\x01\x03\x01\x03\x01"s,   // a field twice
      "\x01\x04\x01u\x03\x01"s,  // fields out of order
      "\x01\x04\x00"s,           // an empty string that need not be there
      "\x01\x05\x00"s,
      "\x01\x06\x00"s,                                      // empty lists
      "\x01\x04\xff\xff\xff\xff\x7fu"s,                     // a length beyond the end
      "\x01\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,  // a count to exhaust memory
      "\x01\x06\x80\x80\x80\x80\x10"s,
      "\x01\x03\x81\x00"s,                                  // a longer spelling of 1
      "\x01\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s,  // more than 64 bits
      "\x01\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
      "\x01\x01\x00"s,                          // a target field without a target
      "\x01\x01\x02\x01\x03"s,                  // an unknown kind of target
      "\x01\x01\x06\x01\x00\x00\x00\x00\x02"s,  // a flag that is neither 0 nor 1
      "\x01\x02\x00"s,                          // a retry field without a policy
  };
  for (const auto& bytes : hostile) {
    EXPECT_EQ(decode_options(bytes), std::nullopt) << testing::PrintToString(bytes);
  }
}

TEST(Codec, HostilePoliciesAreRefused) {
  RetryPolicy nan;
  nan.jitter = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(decode_retry(encode(std::optional(nan))), std::nullopt);
  RetryPolicy endless;
  endless.jitter = std::numeric_limits<double>::infinity();
  EXPECT_EQ(decode_retry(encode(std::optional(endless))), std::nullopt);
  RetryPolicy unknown;
  unknown.backoff = static_cast<Backoff>(3);
  EXPECT_EQ(decode_retry(encode(std::optional(unknown))), std::nullopt);
}

// Whatever decodes is what encode makes, and nothing crashes: random mutations of a full value.
TEST(Codec, WhateverDecodesHasItsOneSpelling) {
  const auto bytes = encode(full_options());
  std::mt19937_64 engine(20'261'123);
  int decoded = 0;
  for (int i = 0; i < 50'000; ++i) {
    auto mutated = bytes;
    for (auto edits = engine() % 3 + 1; edits > 0; --edits) {
      mutated[engine() % mutated.size()] = static_cast<char>(engine());
    }
    if (const auto options = decode_options(mutated)) {
      ++decoded;
      EXPECT_EQ(encode(*options), mutated);
    }
  }
  EXPECT_GT(decoded, 1'000);
}

TEST(Codec, NumbersOfEverySizeGoBothWays) {
  for (int shift = 0; shift < 64; ++shift) {
    for (const std::int64_t around : {-1, 0, 1}) {
      const auto value = (std::uint64_t{1} << shift) + static_cast<std::uint64_t>(around);
      std::string out;
      codec::put_number(out, value);
      codec::Input in(out);
      EXPECT_EQ(in.number(), value);
      EXPECT_TRUE(in.finished());
    }
  }
}

TEST(Codec, TheFirstFaultSticks) {
  codec::Input in("\x05");
  EXPECT_EQ(in.bytes(), "");
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.number(), 0U);
  EXPECT_EQ(in.byte(), 0);
  EXPECT_FALSE(in.finished());
}

}  // namespace
}  // namespace belfry::domain
