#include "domain/error_pattern.hpp"

#include <algorithm>

namespace belfry::domain {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
// Bytes above ASCII are letters of other scripts.
bool is_part_of_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_status(std::string_view word, std::string_view before) {
  return word.size() == 3 && std::ranges::all_of(word, is_digit) &&
         (before.ends_with("answered ") || before.ends_with("status ") ||
          before.ends_with("HTTP "));
}

}  // namespace

std::string error_pattern(std::string_view error) {
  std::string pattern;
  std::size_t at = 0;
  while (at < error.size() && pattern.size() < kPatternBytesMax) {
    if (!is_part_of_word(error[at])) {
      pattern += error[at++];
      continue;
    }
    const auto begin = at;
    while (at < error.size() && is_part_of_word(error[at])) ++at;
    const auto word = error.substr(begin, at - begin);
    const bool differs = std::ranges::any_of(word, is_digit);
    if (differs && !is_status(word, error.substr(0, begin))) {
      pattern += '#';
    } else {
      pattern += word;
    }
  }
  pattern.resize(std::min(pattern.size(), kPatternBytesMax));
  return pattern;
}

}  // namespace belfry::domain
