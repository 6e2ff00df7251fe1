#include "http/header_check.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>

#include "http/percent.hpp"

namespace belfry::http {
namespace {

constexpr std::size_t kLengthDigitsMax = 18;

std::unexpected<Error> malformed(const char* why) {
  return fail(ErrorCode::malformed_request, why);
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr std::array<bool, 256> kToken = token_table();

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

// A line end, or a byte that no head may hold.
bool ends_or_breaks_line(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\t';
}

// Where the next such byte stands from `at` on, or the end. Whole blocks are looked at without a
// branch per byte, which compilers turn into vector instructions.
std::size_t find_line_end(std::string_view text, std::size_t at) {
  constexpr std::size_t kBlock = 32;
  for (; at + kBlock <= text.size(); at += kBlock) {
    unsigned found = 0;
    for (std::size_t i = 0; i < kBlock; ++i) found |= ends_or_breaks_line(text[at + i]) ? 1U : 0U;
    if (found != 0) break;
  }
  while (at < text.size() && !ends_or_breaks_line(text[at])) ++at;
  return at;
}

bool is_value(std::string_view text) {
  unsigned bad = 0;
  for (const char c : text) bad |= is_value_char(c) ? 0U : 1U;
  return bad == 0;
}

bool equal_no_case(std::string_view a, std::string_view lower_case) {
  return a.size() == lower_case.size() &&
         std::equal(a.begin(), a.end(), lower_case.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
         });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Cuts a line that ends with CRLF off the front; false if it ends otherwise.
bool take_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r') {
    return false;
  }
  line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return line.find('\r') == std::string_view::npos;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return text.empty() ||
         (error == std::errc{} && end == text.data() + text.size() && port <= 65'535);
}

bool is_host_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6(std::string_view literal) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v6(std::string(literal), error);
  return !error && address.scope_id() == 0;
}

// "name", "name:80", "192.0.2.1:80" or "[2001:db8::1]:80" (RFC 3986 section 3.2).
bool is_authority(std::string_view text) {
  const auto end = text.starts_with('[') ? text.find(']') : text.find(':');
  const auto host = text.substr(0, end);
  auto rest = text.substr(std::min(host.size(), text.size()));
  if (text.starts_with('[')) {
    if (rest.empty() || !is_ipv6(host.substr(1))) return false;
    rest.remove_prefix(1);
  } else if (!is_host_name(host)) {
    return false;
  }
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

// What the fields said, gathered before anything is decided.
struct Seen {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t codings = 0;
  std::size_t authorizations = 0;
  std::size_t content_types = 0;
  std::string_view host, length, coding;
  bool close = false;
  bool keep_alive = false;
  bool unknown_expectation = false;
  bool expects_continue = false;
  bool encoded = false;
};

void read_connection(std::string_view value, Seen& seen) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(','), value.size());
    const std::string_view option = trim(value.substr(0, end));
    seen.close = seen.close || equal_no_case(option, "close");
    seen.keep_alive = seen.keep_alive || equal_no_case(option, "keep-alive");
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

void note_field(std::string_view name, std::string_view value, Seen& seen) {
  if (equal_no_case(name, "host")) {
    ++seen.hosts;
    seen.host = value;
  } else if (equal_no_case(name, "content-length")) {
    ++seen.lengths;
    seen.length = value;
  } else if (equal_no_case(name, "transfer-encoding")) {
    ++seen.codings;
    seen.coding = value;
  } else if (equal_no_case(name, "authorization")) {
    ++seen.authorizations;
  } else if (equal_no_case(name, "content-type")) {
    ++seen.content_types;
  } else if (equal_no_case(name, "connection")) {
    read_connection(value, seen);
  } else if (equal_no_case(name, "expect")) {
    (equal_no_case(value, "100-continue") ? seen.expects_continue : seen.unknown_expectation) =
        true;
  } else if (equal_no_case(name, "content-encoding")) {
    seen.encoded = seen.encoded || !equal_no_case(value, "identity");
  }
}

Result<> read_field(std::string_view line, HeadFacts& facts, Seen& seen) {
  if (line.front() == ' ' || line.front() == '\t') {
    return malformed("a header field is folded over two lines; send it on one");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return malformed("a header field has no proper name before its colon");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_value(value)) {
    return malformed("a header field holds a control character");
  }
  note_field(name, value, seen);
  facts.headers.add(std::string(name), std::string(value));
  return {};
}

std::optional<Method> known_method(std::string_view text) {
  for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                              Method::delete_, Method::options}) {
    if (text == name(method)) {
      return method;
    }
  }
  return std::nullopt;
}

Result<> read_version(std::string_view text, HeadFacts& facts) {
  const bool shaped = text.size() == 8 && text.starts_with("HTTP/") && text[6] == '.' &&
                      text[5] >= '0' && text[5] <= '9' && text[7] >= '0' && text[7] <= '9';
  if (!shaped) {
    return malformed("the request line must end with HTTP/1.1");
  }
  facts.http_1_0 = text == "HTTP/1.0";
  if (!facts.http_1_0 && text != "HTTP/1.1") {
    return fail(ErrorCode::version_not_supported, "this server speaks HTTP/1.1 and HTTP/1.0");
  }
  return {};
}

// Splits the target; `authority` is set by the absolute form only.
Result<> read_target(std::string_view target, HeadFacts& facts, std::string_view& authority) {
  const bool visible = std::all_of(target.begin(), target.end(),
                                   [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
  if (target.empty() || !visible) {
    return malformed("the request target holds a character that must be percent-encoded");
  }
  if (target == "*") {
    if (facts.method != Method::options) {
      return malformed("the request target * goes with OPTIONS only");
    }
    facts.path = "*";
    return {};
  }
  const std::string scheme = lower_case(target.substr(0, 8));
  if (scheme.starts_with("http://") || scheme == "https://") {
    target.remove_prefix(scheme == "https://" ? 8 : 7);
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    authority = target.substr(0, end);
    target.remove_prefix(end);
    if (!is_authority(authority)) {
      return malformed("the request target names no proper host");
    }
  } else if (target.front() != '/') {
    return malformed("the request target must start with a slash");
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  facts.query = target.substr(std::min(question + 1, target.size()));
  auto path = decode_path(target.substr(0, question));
  if (!path) {
    return malformed("the path holds a broken escape, %00, or is not UTF-8");
  }
  facts.path = path->empty() ? "/" : std::move(*path);
  return {};
}

Result<> read_request_line(std::string_view line, HeadFacts& facts, std::string_view& authority) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
    return malformed("the request line must be a method, a target and HTTP/1.1");
  }
  if (auto version = read_version(line.substr(last + 1), facts); !version) {
    return version;
  }
  const auto method = known_method(line.substr(0, first));
  if (!method) {
    return fail(ErrorCode::not_implemented, "this server does not know the method");
  }
  facts.method = *method;
  return read_target(line.substr(first + 1, last - first - 1), facts, authority);
}

Result<> check_host(const Seen& seen, std::string_view authority, const HeadFacts& facts) {
  if (seen.hosts > 1 || (seen.hosts == 0 && !facts.http_1_0)) {
    return malformed("send exactly one Host header");
  }
  if (seen.hosts == 1 && !is_authority(seen.host)) {
    return malformed("the Host header is not a host, with or without a port from 0 to 65535");
  }
  // Two names for one host would let a check of the header be walked around.
  if (!authority.empty() && (seen.hosts == 0 || lower_case(authority) != lower_case(seen.host))) {
    return malformed("the Host header must be the host of the request target");
  }
  return {};
}

Result<> decide_framing(const Seen& seen, HeadFacts& facts) {
  if (seen.lengths > 1 || (seen.lengths != 0 && seen.codings != 0) || seen.codings > 1) {
    return malformed("the length of the body is told twice; send one Content-Length or chunked");
  }
  if (seen.codings == 1) {
    if (facts.http_1_0) {
      return malformed("HTTP/1.0 has no Transfer-Encoding");
    }
    if (!equal_no_case(seen.coding, "chunked")) {
      return fail(ErrorCode::not_implemented, "the only Transfer-Encoding served is chunked");
    }
    facts.framing = HeadFacts::Framing::chunked;
  } else if (seen.lengths == 1) {
    const std::string_view digits = seen.length;
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
      return malformed("Content-Length must be decimal digits");
    }
    if (digits.size() > kLengthDigitsMax) {
      return fail(ErrorCode::payload_too_large, "the body is too large");
    }
    std::from_chars(digits.data(), digits.data() + digits.size(), facts.content_length);
    facts.framing = HeadFacts::Framing::length;
  }
  return {};
}

Result<> decide(const Seen& seen, std::string_view authority, HeadFacts& facts) {
  if (auto host = check_host(seen, authority, facts); !host) {
    return host;
  }
  if (seen.authorizations > 1) {
    return malformed("send one Authorization header");
  }
  if (seen.content_types > 1) {
    return malformed("send one Content-Type header");
  }
  if (auto framing = decide_framing(seen, facts); !framing) {
    return framing;
  }
  if (seen.unknown_expectation) {
    return malformed("the only Expect served is 100-continue");
  }
  if (seen.encoded) {
    return fail(ErrorCode::unsupported_encoding, "send the body without Content-Encoding");
  }
  facts.keep_alive = !seen.close && (!facts.http_1_0 || seen.keep_alive);
  facts.expects_continue = seen.expects_continue && !facts.http_1_0;
  return {};
}

}  // namespace

std::size_t head_length(std::string_view received, std::size_t scanned) {
  std::size_t at = scanned < 3 ? 0 : scanned - 3;
  if (at > 0 && received[at] == '\n') {
    --at;  // never starts between a CR and its LF
  }
  for (;;) {
    at = find_line_end(received, at);
    if (at + 1 >= received.size()) {
      return at < received.size() && received[at] != '\r' ? at + 1 : 0;
    }
    if (received[at] != '\r' || received[at + 1] != '\n') {
      return at + 1;  // a bare CR or LF, or a NUL: refused as it stands
    }
    if (received.substr(at).starts_with("\r\n\r\n")) {
      return at + 4;
    }
    at += 2;
  }
}

Result<HeadFacts> check_head(std::string_view block, const HeadLimits& limits) {
  if (std::min(block.find('\n'), block.size()) > limits.line_bytes_max + 1) {
    return fail(ErrorCode::uri_too_long, "the request line is too long");
  }
  if (block.size() > limits.bytes_max) {
    return fail(ErrorCode::headers_too_large, "the request head is too large");
  }
  HeadFacts facts;
  Seen seen;
  std::string_view rest = block;
  std::string_view line;
  std::string_view authority;
  if (!take_line(rest, line)) {
    return malformed("lines of the request head must end with CR LF");
  }
  if (auto read = read_request_line(line, facts, authority); !read) {
    return fail(std::move(read.error()));
  }
  for (std::size_t fields = 0;; ++fields) {
    if (!take_line(rest, line)) {
      return malformed("lines of the request head must end with CR LF");
    }
    if (line.empty()) {
      break;
    }
    if (fields == limits.fields_max) {
      return fail(ErrorCode::headers_too_large, "the request has too many header fields");
    }
    if (auto read = read_field(line, facts, seen); !read) {
      return fail(std::move(read.error()));
    }
  }
  if (!rest.empty()) {
    return malformed("bytes follow the request head");
  }
  if (auto decided = decide(seen, authority, facts); !decided) {
    return fail(std::move(decided.error()));
  }
  return facts;
}

}  // namespace belfry::http
