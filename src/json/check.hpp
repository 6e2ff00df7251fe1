#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace belfry::json {

// No payload of 256 KiB has as many keys; a body of 16 MiB could have millions.
inline constexpr std::size_t kOpenKeysMax = 65'536;

// True JSON (RFC 8259) and nothing more: one value, UTF-8, no comments or trailing commas, at most
// `depth_max` levels of arrays and objects, no key twice in one object (compared after unescaping).
// Fails with invalid_json (the message tells line, column and offset), invalid_encoding,
// json_too_deep, duplicate_key (`fields` names its JSON Pointer) or payload_too_large (more than
// kOpenKeysMax keys in the objects around one place). Linear in the text's length; its memory is
// not. Pure and thread-safe.
Result<> check(std::string_view text, int depth_max = 32);

// The syntax alone, so that text may be split into its parts and each part checked by itself:
// ill-formed UTF-8 and lone surrogates inside strings, repeated keys and up to 1,000 levels pass.
// The text of a part that fails `check` must not be decoded.
Result<> check_syntax(std::string_view text);

// Makes characters acceptable to `check`: each byte of ill-formed UTF-8 and each escape of a lone
// surrogate (\ud83d) becomes U+FFFD. The number of replacements.
std::size_t replace_bad_characters(std::string& text);

}  // namespace belfry::json
