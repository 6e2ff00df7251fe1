#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace notification {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t kRenderedBytesMax = 1 << 20;

// Replaces each {{name}} by the recipient's field. The error says in words what is wrong: there is
// no such field, a brace is not closed, or the result exceeds kRenderedBytesMax.
std::expected<std::string, std::string> render(std::string_view text, const Fields& fields);

// An ASCII mailbox of RFC 5321 section 4.1.2: a dot-string of at most 64 bytes, "@" and a domain
// name. Quoted local parts and address literals are refused.
bool is_address(std::string_view text);

// An RFC 5322 message: headers encoded where they are not plain ASCII (RFC 2047), CRLF lines, and
// no way for a field to add a header.
struct Draft {
  std::string from;  // an address
  std::string to;    // an address
  std::string subject;
  std::string body;
  std::string id;    // becomes the Message-ID, with the domain of `from`
  std::string date;  // RFC 5322
};
std::string message(const Draft& draft);

}  // namespace notification
