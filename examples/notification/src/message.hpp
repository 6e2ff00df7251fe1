#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace notification {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Replaces each {{name}} by the recipient's field; nothing if there is no such field, or a brace is
// not closed.
std::optional<std::string> render(std::string_view text, const Fields& fields);

// One @, no control or white characters, no characters that mean something in a header.
bool is_address(std::string_view text);

// An RFC 5322 message: headers encoded where they are not plain ASCII (RFC 2047), CRLF lines, and
// no way for a field to add a header. `id` becomes the Message-ID, `date` is RFC 5322.
std::string message(const std::string& to, const std::string& subject, const std::string& body,
                    const std::string& id, const std::string& date);

}  // namespace notification
