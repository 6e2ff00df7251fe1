#pragma once

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

}  // namespace belfry::json
