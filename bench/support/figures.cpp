#include "figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace belfry::bench {
namespace {

std::string number(double value, const std::string& unit) {
  return fmt::format("{:.{}f}{}{}", value, std::abs(value) < 100 ? 2 : 0,
                     unit.starts_with('/') ? "" : " ", unit);
}

bool holds(const Figure& figure, double ratio) {
  const auto& bars = figure.bars;
  return (!bars.at_least || figure.seen >= *bars.at_least) &&
         (!bars.at_most || figure.seen <= *bars.at_most) &&
         (!bars.ratio_at_least || ratio >= *bars.ratio_at_least);
}

std::string words_of(const Figure& figure) {
  std::string words;
  const auto add = [&](const char* sign, const std::optional<double>& bar, bool ratio) {
    if (!bar) return;
    words += fmt::format("{}{} {}", words.empty() ? "bar " : " and ", sign,
                         ratio ? fmt::format("{:.2f} of it", *bar) : number(*bar, figure.unit));
  };
  add(">=", figure.bars.at_least, false);
  add("<=", figure.bars.at_most, false);
  add(">=", figure.bars.ratio_at_least, true);
  return words;
}

}  // namespace

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto place = static_cast<std::size_t>(share * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, place)];
}

double median(std::vector<double> values) {
  return percentile(std::move(values), 0.5);
}

std::vector<Summary> summarise(std::span<const std::vector<Figure>> rounds) {
  std::vector<Summary> all;
  for (std::size_t i = 0; !rounds.empty() && i < rounds.front().size(); ++i) {
    std::vector<double> seen, limits, ratios;
    for (const auto& round : rounds) {
      seen.push_back(round[i].seen);
      limits.push_back(round[i].limit);
      if (round[i].limit != 0) ratios.push_back(round[i].seen / round[i].limit);
    }
    Summary summary{.figure = rounds.front()[i]};
    summary.figure.seen =
        summary.figure.over == Over::lowest ? *std::ranges::min_element(seen) : median(seen);
    summary.figure.limit = median(limits);
    summary.ratio = median(ratios);
    summary.holds = holds(summary.figure, summary.ratio);
    all.push_back(summary);
  }
  return all;
}

bool print(std::span<const Summary> summaries) {
  for (const auto& [figure, ratio, held] : summaries) {
    const auto beside = figure.limit == 0 ? std::string()
                                          : fmt::format("{} {}, ratio {:.2f}", figure.limit_of,
                                                        number(figure.limit, figure.unit), ratio);
    fmt::print("{:<40} {:>14}   {:<58} {}{}\n", figure.name, number(figure.seen, figure.unit),
               beside, words_of(figure), held ? "" : "  MISSED");
  }
  std::fflush(stdout);
  return std::ranges::all_of(summaries, &Summary::holds);
}

}  // namespace belfry::bench
