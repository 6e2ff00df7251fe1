#pragma once

#include <string_view>

#include "base/error.hpp"

namespace belfry::json {

// True JSON (RFC 8259) and nothing more: one value, UTF-8, no comments or trailing commas, at most
// `depth_max` levels of arrays and objects, no key twice in one object (compared after unescaping).
// Fails with invalid_json (the message tells line, column and offset), invalid_encoding,
// json_too_deep or duplicate_key (`fields` names its JSON Pointer). Linear in the text's length.
// Pure and thread-safe.
Result<> check(std::string_view text, int depth_max = 32);

}  // namespace belfry::json
