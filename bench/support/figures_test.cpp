#include "figures.hpp"

#include <gtest/gtest.h>

#include "arguments.hpp"

namespace belfry::bench {
namespace {

std::vector<Summary> of(std::vector<double> seen, const Bars& bars, Over over = Over::median) {
  std::vector<std::vector<Figure>> rounds;
  for (const double value : seen) {
    rounds.push_back({{.name = "pushes",
                       .unit = "/s",
                       .seen = value,
                       .limit = 200,
                       .bars = bars,
                       .over = over}});
  }
  return summarise(rounds);
}

TEST(Figures, AreMediansOfTheRoundsWithTheRatioOfEach) {
  auto rounds = std::vector<std::vector<Figure>>{
      {{.seen = 10, .limit = 100}}, {{.seen = 30, .limit = 60}}, {{.seen = 20, .limit = 25}}};
  const auto summary = summarise(rounds).front();
  EXPECT_EQ(summary.figure.seen, 20);
  EXPECT_EQ(summary.figure.limit, 60);
  EXPECT_DOUBLE_EQ(summary.ratio, 0.5);  // of 0.1, 0.5 and 0.8; not 20 / 60
}

TEST(Figures, OneThatIsEarlyOnceIsEarly) {
  EXPECT_TRUE(of({-1, 2, 3}, {.at_least = 0}).front().holds);
  EXPECT_FALSE(of({-1, 2, 3}, {.at_least = 0}, Over::lowest).front().holds);
}

TEST(Figures, EachKindOfBarIsHeldTo) {
  EXPECT_TRUE(of({100}, {.at_least = 100, .at_most = 100, .ratio_at_least = 0.5}).front().holds);
  EXPECT_FALSE(of({99}, {.at_least = 100}).front().holds);
  EXPECT_FALSE(of({101}, {.at_most = 100}).front().holds);
  EXPECT_FALSE(of({99}, {.ratio_at_least = 0.5}).front().holds);
  EXPECT_FALSE(print(of({99}, {.at_least = 100})));
}

TEST(Figures, PercentilesOfAFewValues) {
  EXPECT_EQ(percentile({}, 0.5), 0);
  EXPECT_EQ(percentile({3, 1, 2}, 0), 1);
  EXPECT_EQ(percentile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(percentile({3, 1, 2}, 1), 3);
}

// What a benchmark ends with when a bar was missed, or not.
int exit_code(std::vector<const char*> arguments, bool held) {
  arguments.insert(arguments.begin(), "bench");
  return run_main(static_cast<int>(arguments.size()), const_cast<char**>(arguments.data()), "bench",
                  0, [held](const Arguments&) { return held; });
}

TEST(Arguments, AMissedBarIsAFailureOnlyWhereOneAsksForIt) {
  EXPECT_EQ(exit_code({}, false), 0);
  EXPECT_EQ(exit_code({"--strict"}, true), 0);
  EXPECT_EQ(exit_code({"--strict"}, false), 1);
}

}  // namespace
}  // namespace belfry::bench
