#include "http/chunked_body.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

struct Taken {
  Result<bool> complete = false;
  std::string body;
  std::string left;
};

Taken take(std::string_view bytes, std::size_t limit = 1'000, std::size_t step = 1'000'000) {
  ChunkedBody chunks(limit);
  Taken taken;
  std::string pending;
  while (!bytes.empty() && taken.complete && !*taken.complete) {
    pending.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    std::string_view view = pending;
    taken.complete = chunks.take(view, taken.body);
    pending = std::string(view);
  }
  taken.left = pending + std::string(bytes);
  return taken;
}

constexpr std::string_view kGood =
    "5;a=b\r\nhello\r\n0001\r\n \r\nA\r\n0123456789\r\n0\r\nX-Trailer: y\r\n\r\nGET";

TEST(ChunkedBody, JoinsChunksAndLeavesTheNextRequest) {
  const Taken taken = take(kGood);
  ASSERT_TRUE(taken.complete && *taken.complete);
  EXPECT_EQ(taken.body, "hello 0123456789");
  EXPECT_EQ(taken.left, "GET");
}

TEST(ChunkedBody, IsTheSameHoweverTheBytesCome) {
  for (std::size_t step = 1; step < 12; ++step) {
    const Taken taken = take(kGood, 1'000, step);
    ASSERT_TRUE(taken.complete && *taken.complete);
    EXPECT_EQ(taken.body, "hello 0123456789");
    EXPECT_EQ(taken.left, "GET");
  }
}

TEST(ChunkedBody, TakesExtensionsOfTheGrammar) {
  for (const std::string_view extensions : {";a", ";a=b", " ; a = b;c", ";a=\"b;\\\"c\";d=1"}) {
    const Taken taken = take("1" + std::string(extensions) + "\r\nx\r\n0\r\n\r\n");
    EXPECT_TRUE(taken.complete && *taken.complete) << extensions;
  }
}

TEST(ChunkedBody, RefusesWhatIsNotProperlyFramed) {
  for (const std::string_view bytes : {"5\nhello\r\n",
                                       "\r\n",
                                       "x\r\n",
                                       "-1\r\n",
                                       "+5\r\nhello\r\n",
                                       "0x5\r\nhello\r\n",
                                       "5 \r\nhello\r\n",
                                       "5;\r\nhello\r\n",
                                       "5;;a\r\nhello\r\n",
                                       "5;=b\r\nhello\r\n",
                                       "5;a=\r\nhello\r\n",
                                       "5;a=\"b\r\nhello\r\n",
                                       "5;a=b c\r\nhello\r\n",
                                       "5;a\"b\"\r\nhello\r\n",
                                       " 5\r\nhello\r\n",
                                       "5\r\nhelloX\r\n",
                                       "5\r\nhello\n",
                                       "5\r\nhello\r\r\n",
                                       "5;\x01\r\n",
                                       "123456789\r\n",
                                       "000000001\r\n",
                                       "5\rx\r\n",
                                       "0\r\nno colon\r\n\r\n",
                                       "0\r\n: empty\r\n\r\n",
                                       "0\r\n folded: x\r\n\r\n",
                                       "0\r\na: \x01\r\n\r\n",
                                       "0\r\na: b\n\r\n",
                                       "ffffffffffffffff\r\n",
                                       "5;a\n\r\n"}) {
    const Taken taken = take(bytes);
    ASSERT_FALSE(taken.complete) << bytes;
    EXPECT_EQ(taken.complete.error().code, ErrorCode::malformed_request) << bytes;
  }
}

TEST(ChunkedBody, HoldsTheBodyToItsLimit) {
  EXPECT_TRUE(*take("5\r\nhello\r\n0\r\n\r\n", 5).complete);
  for (const std::string_view bytes :
       {"6\r\n", "3\r\nabc\r\n3\r\n", "7fffffff\r\n", "ffffffff\r\n", "5\r\nhello\r\n1\r\n"}) {
    const Taken taken = take(bytes, 5);
    ASSERT_FALSE(taken.complete) << bytes;
    EXPECT_EQ(taken.complete.error().code, ErrorCode::payload_too_large);
  }
}

TEST(ChunkedBody, BoundsWhatItDrops) {
  const std::string extension = "1;" + std::string(1'000, 'x') + "\r\na\r\n";
  std::string many;
  for (int i = 0; i < 20; ++i) {
    many += extension;
  }
  std::string trailers = "0\r\n";
  for (int i = 0; i < 2'000; ++i) {
    trailers += "abcd: efgh\r\n";
  }
  for (const std::string& bytes : {many, trailers, std::string(20'000, '0')}) {
    const Taken taken = take(bytes, 1'000, 100);
    ASSERT_FALSE(taken.complete);
    EXPECT_EQ(taken.complete.error().code, ErrorCode::headers_too_large);
  }
}

TEST(ChunkedBody, AnUnfinishedBodyIsNotComplete) {
  for (std::size_t length = 0; length + 3 < kGood.size(); ++length) {
    const Taken taken = take(kGood.substr(0, length));
    ASSERT_TRUE(taken.complete) << length;
    EXPECT_FALSE(*taken.complete) << length;
  }
}

}  // namespace
}  // namespace belfry::http
