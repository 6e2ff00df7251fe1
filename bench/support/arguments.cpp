#include "arguments.hpp"

#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>

#include "base/log.hpp"

namespace belfry::bench {
namespace {

std::optional<int> positive(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

std::optional<Arguments> read(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--strict") {
      arguments.strict = true;
    } else if (word == "--quick") {
      arguments.quick = true;
    } else if (word == "--rounds") {
      const auto rounds = ++i < argc ? positive(argv[i]) : std::nullopt;
      if (!rounds) return std::nullopt;
      arguments.rounds = *rounds;
    } else if (word.starts_with('-')) {
      return std::nullopt;
    } else {
      arguments.words.emplace_back(word);
    }
  }
  if (arguments.quick) arguments.rounds = 1;
  return arguments;
}

}  // namespace

int run_main(int argc, char** argv, const char* usage, std::size_t words,
             const std::function<bool(const Arguments&)>& run) {
  set_log_level(LogLevel::warn);
  const auto arguments = read(argc, argv);
  if (!arguments || arguments->words.size() < words) {
    std::fprintf(stderr, "usage: %s\n", usage);
    return 2;
  }
  try {
    const bool held = run(*arguments);
    return held || !arguments->strict ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}

}  // namespace belfry::bench
