#include "http/percent.hpp"

#include "base/encoding.hpp"

namespace belfry::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte of the escape at the front ("%41"), or -1.
int escape_at(std::string_view text) {
  if (text.size() < 3) {
    return -1;
  }
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// Letters and digits stay, and what is in `kept`.
std::string encode_all_but(std::string_view kept, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (plain || kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%')) {
    const int byte = escape_at(text.substr(at));
    if (byte < 0) {
      return std::nullopt;
    }
    out.append(text.substr(0, at)).push_back(static_cast<char>(byte));
    text.remove_prefix(at + 3);
  }
  return out.append(text);
}

std::optional<std::string> decode_path(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = raw.find('%'); at != std::string_view::npos; at = raw.find('%')) {
    const int byte = escape_at(raw.substr(at));
    if (byte <= 0) {
      return std::nullopt;
    }
    out.append(raw.substr(0, at));
    if (byte == '/') {
      out.append("%2F");
    } else if (byte == '%') {
      out.append("%25");
    } else {
      out.push_back(static_cast<char>(byte));
    }
    raw.remove_prefix(at + 3);
  }
  out.append(raw);
  return is_utf8(out) ? std::optional(std::move(out)) : std::nullopt;
}

std::string encode_path(std::string_view path) {
  return encode_all_but("-._~!$&'()*+,;=:@/%", path);  // '%': what decode_path left encoded
}

std::string encode_query(std::string_view query) {
  return encode_all_but("-._~!$&'()*+,;=:@/?%", query);
}

}  // namespace belfry::http
