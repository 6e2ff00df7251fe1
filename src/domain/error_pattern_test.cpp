#include "domain/error_pattern.hpp"

#include <gtest/gtest.h>

namespace belfry::domain {
namespace {

TEST(ErrorPattern, WordsWithDigitsDiffer) {
  EXPECT_EQ(error_pattern("mailbox 4711 of a1b2-c3d4 is full after 25ms"),
            "mailbox # of # is full after #");
  EXPECT_EQ(error_pattern("connect to 127.0.0.1:8082 failed"), "connect to #.#.#.#:# failed");
}

TEST(ErrorPattern, AStatusIsACause) {
  EXPECT_EQ(error_pattern("the target answered 503: try later"),
            "the target answered 503: try later");
  EXPECT_NE(error_pattern("the target answered 404"), error_pattern("the target answered 503"));
  EXPECT_EQ(error_pattern("the target answered 5031"), "the target answered #");
  EXPECT_EQ(error_pattern("503 of them"), "# of them");
}

TEST(ErrorPattern, KeepsOtherScriptsAndEndsAtItsLimit) {
  EXPECT_EQ(error_pattern("Postfach für Jürgen 12 voll"), "Postfach für Jürgen # voll");
  EXPECT_EQ(error_pattern(std::string(4'000, 'x')).size(), kPatternBytesMax);
  EXPECT_EQ(error_pattern(""), "");
}

}  // namespace
}  // namespace belfry::domain
