#pragma once

#include <string>
#include <string_view>

namespace belfry::http {

// The type and subtype that a Content-Type names, in lower case and without parameters
// ("text/html" of "Text/HTML; charset=utf-8"); empty if it names none (RFC 9110 section 8.3.1).
std::string media_type(std::string_view content_type);
// True for application/json and for every type with the suffix +json (RFC 6839).
bool is_json_type(std::string_view content_type);

}  // namespace belfry::http
