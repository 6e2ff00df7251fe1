#include "http/url.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <optional>

namespace belfry::http {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;
constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kTlsPort = 443;
constexpr std::uint16_t kUnprivilegedPort = 1'024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (lower(text[i]) != prefix[i]) return false;
  }
  return true;
}

std::unexpected<Error> bad(std::string why) {
  return fail(ErrorCode::validation_failed, std::move(why));
}

// The bytes of a path or query (RFC 3986 plus '[' and ']', which many query strings hold bare).
bool is_target_byte(char c) {
  constexpr std::string_view kOthers = "-._~!$&'()*+,;=:@/?%[]";
  return is_alpha(c) || is_digit(c) || kOthers.find(c) != std::string_view::npos;
}

bool is_target(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (!is_target_byte(target[i])) return false;
    if (target[i] != '%') continue;
    if (i + 2 >= target.size() || !is_hex(target[i + 1]) || !is_hex(target[i + 2])) return false;
  }
  return true;
}

// Underscores are not for public names, but Docker's service names have them.
bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_') return false;
  }
  return true;
}

// True if some parser may read a name with this last label as an IPv4 address (WHATWG's rule: all
// digits, or "0x" and hex digits), so that only the canonical spelling may pass.
bool looks_like_ipv4(std::string_view host) {
  const auto dot = host.rfind('.');
  std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (last.starts_with("0x")) {
    last.remove_prefix(2);
    for (const char c : last) {
      if (!is_hex(c)) return false;
    }
    return true;
  }
  for (const char c : last) {
    if (!is_digit(c)) return false;
  }
  return !last.empty();
}

bool is_canonical_ipv4(std::string_view host) {
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address_v4(host, failed);
  return !failed && address.to_string() == host;
}

Result<> read_name(std::string_view text, Url& url) {
  if (text.empty()) return bad("the URL has no host");
  if (text.size() > kHostBytesMax) return bad("the host is longer than 253 bytes");
  for (const char c : text) url.host.push_back(lower(c));
  std::string_view rest = url.host;
  while (true) {
    const auto dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) {
      return bad(
          "the host must be labels of letters, digits and hyphens, 1 to 63 bytes each, without a "
          "trailing dot; write an international name in punycode");
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (looks_like_ipv4(url.host)) {
    if (!is_canonical_ipv4(url.host)) {
      return bad("an IPv4 address is four decimal numbers without leading zeros");
    }
    url.literal_address = true;
  }
  return {};
}

// `text` stands between the brackets.
Result<> read_ipv6(std::string_view text, Url& url) {
  if (text.find('%') != std::string_view::npos) return bad("an IPv6 zone is not allowed");
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address_v6(text, failed);
  if (failed) return bad("the text in brackets is not an IPv6 address");
  url.host = address.to_string();
  url.literal_address = true;
  return {};
}

Result<> read_port(std::string_view text, Url& url) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) {
    return bad("the port must be a decimal number from 1 to 65535");
  }
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value > 65'535) {
    return bad("the port must be a decimal number from 1 to 65535");
  }
  if (value != kPlainPort && value != kTlsPort && value < kUnprivilegedPort) {
    return fail(ErrorCode::destination_forbidden, "the port must be 80, 443 or 1024 and above");
  }
  url.port = static_cast<std::uint16_t>(value);
  return {};
}

Result<> read_authority(std::string_view text, Url& url) {
  if (text.find('@') != std::string_view::npos) {
    return fail(ErrorCode::destination_forbidden,
                "user information is not allowed in a URL; send credentials in a header");
  }
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return bad("the IPv6 address has no closing bracket");
    if (auto read = read_ipv6(text.substr(1, close - 1), url); !read) return read;
    port = text.substr(close + 1);
    has_port = !port.empty();
    if (has_port && port.front() != ':') return bad("after the host only a port may stand");
  } else {
    const auto colon = text.find(':');
    if (auto read = read_name(text.substr(0, colon), url); !read) return read;
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon);
  }
  if (has_port) return read_port(port.substr(1), url);
  url.port = url.tls ? kTlsPort : kPlainPort;
  return {};
}

}  // namespace

std::string Url::authority() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  std::string text = ipv6 ? "[" + host + "]" : host;
  if (port != (tls ? kTlsPort : kPlainPort)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::origin() const {
  return (tls ? "https://" : "http://") + authority();
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) return bad("the URL is longer than 2,048 bytes");
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '\\') {
      return bad("a URL may hold no spaces, control characters, backslashes or non-ASCII bytes");
    }
  }
  Url url;
  if (starts_with_any_case(text, "https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else if (starts_with_any_case(text, "http://")) {
    text.remove_prefix(7);
  } else {
    return bad("the URL must start with http:// or https://");
  }
  if (text.find('#') != std::string_view::npos) return bad("a fragment (#) is not allowed");
  const auto authority_end = text.find_first_of("/?");
  if (auto read = read_authority(text.substr(0, authority_end), url); !read) {
    return std::unexpected(read.error());
  }
  const std::string_view rest =
      authority_end == std::string_view::npos ? "" : text.substr(authority_end);
  if (!is_target(rest)) return bad("the path or query holds a byte that must be percent-encoded");
  if (!rest.starts_with('/')) url.target = "/";
  url.target += rest;
  return url;
}

}  // namespace belfry::http
