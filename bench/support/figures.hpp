#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace belfry::bench {

// What a figure is held to; none of them: it is told only.
struct Bars {
  std::optional<double> at_least = {}, at_most = {};  // the figure, in its own unit
  std::optional<double> ratio_at_least = {};          // the figure over its limit
};

// How the figures of several rounds become one.
enum class Over { median, lowest };

// A figure of one round, and beside it what the same machine did in the same round without our
// logic.
struct Figure {
  std::string name = {};
  std::string unit = {};  // as it is printed: "/s", "ms"
  double seen = 0;
  double limit = 0;           // in the same unit; 0: there is none
  std::string limit_of = {};  // what the limit is: "HTTP client alone"
  Bars bars = {};
  Over over = Over::median;
};

// The rounds' figures as one, in the first round's order: seen, limit and ratio each as a median
// (the ratio's is that of the rounds' ratios). Every round has the same figures.
struct Summary {
  Figure figure;
  double ratio = 0;  // 0: no limit
  bool holds = true;
};
std::vector<Summary> summarise(std::span<const std::vector<Figure>> rounds);

// One line a figure. False if one breaks its bar.
bool print(std::span<const Summary> summaries);

double median(std::vector<double> values);
// The value that `share` (0–1) of them lie below. Of none: 0.
double percentile(std::vector<double> values, double share);

}  // namespace belfry::bench
