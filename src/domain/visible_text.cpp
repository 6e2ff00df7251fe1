#include "domain/visible_text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

namespace belfry::domain {
namespace {

// Letters and marks by their category, and yet nothing to see: fillers and joiners.
constexpr utf8proc_int32_t kUnseen[] = {0x034f, 0x115f, 0x1160, 0x17b4,
                                        0x17b5, 0x2800, 0x3164, 0xffa0};

bool is_visible(utf8proc_int32_t character) {
  if (character >= 0x20 && character < 0x7f) return true;
  switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return std::find(std::begin(kUnseen), std::end(kUnseen), character) == std::end(kUnseen);
  }
}

bool is_blank(utf8proc_int32_t character) {
  if (character > 0x20 && character < 0x7f) return false;
  return utf8proc_category(character) == UTF8PROC_CATEGORY_ZS ||
         (character >= 9 && character <= 13);
}

template <class Predicate>
bool all_are(std::string_view text, Predicate holds) {
  while (!text.empty()) {
    utf8proc_int32_t character = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                         static_cast<utf8proc_ssize_t>(text.size()), &character);
    if (length <= 0 || !holds(character)) return false;
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  return true;
}

}  // namespace

bool is_visible_text(std::string_view text) {
  return all_are(text, is_visible);
}

bool is_blank_text(std::string_view text) {
  return all_are(text, is_blank);
}

}  // namespace belfry::domain
