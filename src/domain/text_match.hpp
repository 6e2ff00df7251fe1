#pragma once

#include <string>
#include <string_view>

namespace belfry::domain {

// Text as it is compared in a search: without case, by Unicode's full case folding (so "GRÜSSE" is
// as "Grüße"). Bytes that are no UTF-8 stay as they are.
std::string fold_case(std::string_view text);

// Whether the text holds `folded`, which fold_case has made.
bool text_holds(std::string_view text, std::string_view folded);
// The same of JSON text that has passed json::check: its escapes are compared as the characters
// that they stand for, or as they are written.
bool json_holds(std::string_view json, std::string_view folded);

}  // namespace belfry::domain
