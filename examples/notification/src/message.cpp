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
  if (plain(text) && text.size() < 900) return std::string(text);
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

}  // namespace

std::optional<std::string> render(std::string_view text, const Fields& fields) {
  std::string out;
  for (;;) {
    const auto open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto name = text.substr(open + 2, close - open - 2);
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [name](const auto& pair) { return pair.first == name; });
    if (field == fields.end()) return std::nullopt;
    out += field->second;
    text.remove_prefix(close + 2);
  }
}

bool is_address(std::string_view text) {
  const auto at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size()) return false;
  if (text.size() > 254 || text.find('@', at + 1) != std::string_view::npos) return false;
  return plain(text) && text.find_first_of(" <>,;:\"()[]\\") == std::string_view::npos;
}

std::string message(const std::string& to, const std::string& subject, const std::string& body,
                    const std::string& id, const std::string& date) {
  std::string out = "From: Belfry example <noreply@example.com>\r\nTo: <" + to +
                    ">\r\nSubject: " + header_text(subject) + "\r\nDate: " + date +
                    "\r\nMessage-ID: <" + id +
                    "@belfry.example>\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n";
  const auto text = base64(body);
  for (std::size_t i = 0; i < text.size(); i += kLineBytes) {
    out += text.substr(i, kLineBytes) + "\r\n";
  }
  return out;
}

}  // namespace notification
