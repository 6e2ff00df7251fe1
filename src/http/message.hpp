#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/stop_signal.hpp"
#include "base/clock.hpp"
#include "http/byte_budget.hpp"
#include "http/request_turns.hpp"

namespace belfry::http {

enum class Method { get, head, post, put, patch, delete_, options };
std::string_view name(Method method);  // "GET", …

// Whether two header field names are the same: letter case does not count.
bool same_field_name(std::string_view a, std::string_view b);

// Header fields in order; names compare without case (RFC 9110 section 5.1).
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
  void add(std::string name, std::string value);
  void set(std::string name, std::string value);  // replaces every earlier one
  // The first value, or nothing.
  std::optional<std::string_view> get(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  void drop_longer_than(std::size_t bytes);  // fields by the length of name and value

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// The other end of a request's connection, while its handler works; on the handler's thread.
class Peer {
 public:
  virtual ~Peer() = default;
  // True once the peer has closed its side, be it only for sending.
  virtual bool has_gone() = 0;
  // Requested when that happens; looked for from the first call on.
  virtual async::StopSignal gone() = 0;
};

// A request whose head and body have passed the strict checks; a plain value, so that a handler is
// tested by calling it.
struct Request {
  Method method = Method::get;
  // Percent-decoded but for %2F and %25, which stay (the router decodes them in its parameters), so
  // that an encoded slash does not split a segment. Starts with '/', or is "*" (OPTIONS only).
  std::string path;
  std::string query;  // raw, without '?'
  Headers headers;
  std::string body;
  std::vector<std::string> params;  // what the router's {…} segments matched, in order
  // The client's address without port. Behind a proxy of ServerOptions::trusted_proxies it is the
  // client that the proxy reports, otherwise the other end of the connection.
  std::string peer_address;
  // What limits per address count by: the address, and for IPv6 its /64 ("2001:db8:0:1::/64").
  std::string peer_unit;
  // All three are null where a handler is called without a connection. The share bounds what
  // answers hold in memory: a handler raises it before it reads much, and the server sets it to the
  // size of the answer until that has been sent. Whoever knows the owner of a request takes its
  // turn before anything expensive is done for it.
  Peer* peer = nullptr;
  ByteBudget::Share* answer_room = nullptr;
  RequestTurns* turns = nullptr;
};

// Whether Content-Type names this type (in lower case), in any case and with any parameters.
bool has_media_type(const Headers& headers, std::string_view type);
// False if Content-Type names a charset that is not UTF-8 or its subset US-ASCII.
bool is_utf_8(const Headers& headers);

// Lets go of what is large in a request that waits: its body, and header fields of over 256 bytes.
void release_content(Request& request);

// Percent-decoded query parameters in order ('+' is a space); nothing if the encoding is broken or
// not UTF-8.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw);
// The same for an application/x-www-form-urlencoded body.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view raw);

// What a streaming answer (server-sent events) writes to. `write` suspends until the bytes are
// handed to the kernel; false once the client has gone or the server stops.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual boost::asio::awaitable<bool> write(std::string bytes) = 0;
  // Waits for this stream's turn to make and write its next part; streams that may have news by the
  // thousand call it before each part.
  virtual boost::asio::awaitable<void> turn() = 0;
};

struct Response {
  int status = 200;
  std::string content_type;  // empty: no body expected
  std::string body;
  Headers headers;
  // If set, the body is what this writes; it ends when the function returns. `body` is ignored.
  std::function<boost::asio::awaitable<void>(StreamWriter&)> stream;
  bool close = false;  // end the connection after this answer
};

}  // namespace belfry::http
