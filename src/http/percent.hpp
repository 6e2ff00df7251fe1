#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace belfry::http {

// Percent-decodes all of `text`; nothing if an escape is broken.
std::optional<std::string> percent_decode(std::string_view text);
// The path of a request target: decoded, except that %2F and %25 stay, so that an encoded slash
// does not split a segment. Nothing for a broken escape, %00, or what is not UTF-8.
std::optional<std::string> decode_path(std::string_view raw);

// A path that `decode_path` gave, as it stands in a request target (RFC 3986 section 3.3).
std::string encode_path(std::string_view path);
// A raw query of a request target with what RFC 3986 section 3.4 does not allow in it encoded; the
// escapes it has stay as they are.
std::string encode_query(std::string_view query);

}  // namespace belfry::http
