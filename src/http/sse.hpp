#pragma once

#include <string>
#include <string_view>

namespace belfry::http {

// One server-sent event, ready for StreamWriter (WHATWG HTML, 9.2). An empty id or event name is
// left out; line breaks in data become several data lines, in id and event name they become spaces.
std::string sse_event(std::string_view id, std::string_view event, std::string_view data);
// A comment line: keeps proxies and clients from giving up.
std::string sse_comment(std::string_view text);

}  // namespace belfry::http
