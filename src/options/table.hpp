#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "options/option_sources.hpp"

namespace belfry::options {

using Values = std::vector<std::string>;

// One option of a program: how it is called, and how its values change the program's Config. The
// text of the mistake, or nothing.
template <class Config>
struct Option {
  OptionSpec spec;
  std::optional<std::string> (*apply)(const Values& values, Config& config);
};

// What reading the options ended in.
template <class Config>
struct ReadOptions {
  std::optional<Config> config;       // absent: print and exit
  std::string output;                 // --help or --version
  std::vector<std::string> mistakes;  // all of them, in words
  std::vector<std::string> warnings;  // to be said, whatever else
};

// Reads and converts every option, and gathers all mistakes; `together` adds those of values that
// do not go together.
template <class Config, class Together>
ReadOptions<Config> read_options(const Program& program, const std::vector<Option<Config>>& table,
                                 int argc, const char* const* argv, const Environment& environment,
                                 Together together) {
  std::vector<OptionSpec> specs;
  for (const auto& option : table) specs.push_back(option.spec);
  auto sources = collect_options(program, specs, argc, argv, environment);
  ReadOptions<Config> result;
  result.output = std::move(sources.output);
  result.mistakes = std::move(sources.mistakes);
  result.warnings = std::move(sources.warnings);
  if (!result.output.empty()) return result;
  Config config;
  for (const auto& option : table) {
    const auto given = sources.values.find(option.spec.name);
    if (given == sources.values.end() || given->second.values.empty()) continue;
    if (const auto mistake = option.apply(given->second.values, config)) {
      result.mistakes.push_back(fmt::format("{}: {}", given->second.origin, *mistake));
    }
  }
  together(std::as_const(config), result.mistakes);
  if (result.mistakes.empty()) result.config = std::move(config);
  return result;
}

}  // namespace belfry::options
