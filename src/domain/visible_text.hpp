#pragma once

#include <string_view>

namespace belfry::domain {

// Whether UTF-8 text can be read as it stands, so that no two names look alike and none disturbs
// the text around it: no control characters, no line ends, none that turn the direction of writing,
// and none of zero width but accents and variation selectors.
bool is_visible_text(std::string_view text);
// Whether there is nothing to see: blanks of any script alone, or no characters at all.
bool is_blank_text(std::string_view text);

inline constexpr std::string_view kVisibleRule =
    "must not hold control, direction or zero-width characters";

}  // namespace belfry::domain
