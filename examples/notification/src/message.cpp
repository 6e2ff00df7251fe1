#include "message.hpp"

#include <algorithm>

namespace notification {
namespace {

constexpr std::size_t kLineBytes = 76;
constexpr std::size_t kEncodedWordBytes = 45;  // 60 characters of base64: below the 75 of RFC 2047

bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
    }
  }
  return out;
}

std::string header_text(std::string_view text) {
  // Text that looks like an encoded word (RFC 2047 section 2) would be decoded by its reader, and
  // blanks at either end would be lost in folding.
  const bool as_written = plain(text) && text.size() < 900 && !text.contains("=?") &&
                          !text.starts_with(' ') && !text.ends_with(' ');
  if (as_written) return std::string(text);
  std::string out;
  while (!text.empty()) {
    auto size = std::min(kEncodedWordBytes, text.size());
    // Not in the middle of a character.
    while (size > 1 && size < text.size() && (text[size] & 0xc0) == 0x80) --size;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return out;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_atom(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return is_alphanumeric(c) || kMarks.contains(c);
  });
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

// Every part between dots is one.
bool each_part(std::string_view text, bool (*is_part)(std::string_view)) {
  for (;;) {
    const auto dot = text.find('.');
    if (!is_part(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_dot_string(std::string_view text) {
  return text.size() <= 64 && each_part(text, is_atom);
}

bool is_domain(std::string_view text) {
  return each_part(text, is_label);
}

}  // namespace

std::expected<std::string, std::string> render(std::string_view text, const Fields& fields) {
  std::string out;
  for (;;) {
    const auto open = text.find("{{");
    out += text.substr(0, open);
    if (out.size() > kRenderedBytesMax) return std::unexpected("the rendered text exceeds 1 MiB");
    if (open == std::string_view::npos) return out;
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos)
      return std::unexpected("a {{ of the template is not closed");
    const auto name = text.substr(open + 2, close - open - 2);
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [name](const auto& pair) { return pair.first == name; });
    if (field == fields.end()) {
      return std::unexpected("the recipient has no field {{" + std::string(name.substr(0, 100)) +
                             "}}, which the template names");
    }
    out += field->second;
    if (out.size() > kRenderedBytesMax) return std::unexpected("the rendered text exceeds 1 MiB");
    text.remove_prefix(close + 2);
  }
}

bool is_address(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || text.size() > 254) return false;
  return is_dot_string(text.substr(0, at)) && is_domain(text.substr(at + 1));
}

std::string message(const Draft& draft) {
  const auto domain = draft.from.substr(draft.from.find('@') + 1);
  std::string out = "From: <" + draft.from + ">\r\nTo: <" + draft.to +
                    ">\r\nSubject: " + header_text(draft.subject) + "\r\nDate: " + draft.date +
                    "\r\nMessage-ID: <" + draft.id + "@" + domain +
                    ">\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n";
  const auto text = base64(draft.body);
  for (std::size_t i = 0; i < text.size(); i += kLineBytes) {
    out += text.substr(i, kLineBytes) + "\r\n";
  }
  return out;
}

}  // namespace notification
