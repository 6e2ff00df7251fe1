// What bytes get which answer, whether the connection lives on, and that a good request still
// succeeds after each.
#include <boost/asio/write.hpp>

#include "http/server_fixture.hpp"

namespace belfry::http {
namespace {

using testing::echo;
using testing::Peer;
using testing::RunningServer;

enum class After { open, closed };

struct Case {
  std::string bytes;
  int status;
  After after;
};

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string line(const std::string& request_line) {
  return request_line + "\r\nHost: h\r\n\r\n";
}
std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}
std::string chunks(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

std::vector<Case> request_lines() {
  return {
      {line("GET / HTTP/1.1"), 200, After::open},
      {"\r\n" + line("GET / HTTP/1.1"), 200, After::open},
      {line("GET http://h/x HTTP/1.1"), 200, After::open},
      {line("OPTIONS * HTTP/1.1"), 200, After::open},
      {line("GET /%41%2f HTTP/1.1"), 200, After::open},
      {"GET / HTTP/1.0\r\n\r\n", 200, After::closed},
      {line("GET * HTTP/1.1"), 400, After::closed},
      {line("GET http://other/ HTTP/1.1"), 400, After::closed},
      {line("GET http://u@h/ HTTP/1.1"), 400, After::closed},
      {line("GET ftp://h/ HTTP/1.1"), 400, After::closed},
      {line("GET h:80 HTTP/1.1"), 400, After::closed},
      {line("GET x HTTP/1.1"), 400, After::closed},
      {line("GET  / HTTP/1.1"), 400, After::closed},
      {line("GET / x HTTP/1.1"), 400, After::closed},
      {line("GET /"), 400, After::closed},
      {line("GET"), 400, After::closed},
      {line("GET / http/1.1"), 400, After::closed},
      {line("GET / HTTP/1.1 "), 400, After::closed},
      {line(" GET / HTTP/1.1"), 400, After::closed},
      {line("G@T / HTTP/1.1"), 400, After::closed},
      {line("GET /% HTTP/1.1"), 400, After::closed},
      {line("GET /%zz HTTP/1.1"), 400, After::closed},
      {line("GET /%00 HTTP/1.1"), 400, After::closed},
      {line("GET /%ff HTTP/1.1"), 400, After::closed},
      {line("GET /\xc3\xbc HTTP/1.1"), 400, After::closed},
      {line("GET /a#b HTTP/1.1"), 400, After::closed},
      {"GET / HTTP/1.1\nHost: h\n\n", 400, After::closed},
      {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400, After::closed},
      {"GET / HTTP/1.1\rHost: h\r\r", 400, After::closed},
      {std::string("GET /\0 HTTP/1.1\r\n\r\n", 19), 400, After::closed},
      {"\x16\x03\x01\x02\x00\x01\r\n", 400, After::closed},
      {line("get / HTTP/1.1"), 501, After::closed},
      {line("TRACE / HTTP/1.1"), 501, After::closed},
      {line("CONNECT h:1 HTTP/1.1"), 501, After::closed},
      {line("GET / HTTP/2.0"), 505, After::closed},
      {line("GET / HTTP/0.9"), 505, After::closed},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, After::closed},
      {line("GET /" + std::string(9'000, 'x') + " HTTP/1.1"), 414, After::closed},
      {"GET /" + std::string(20'000, 'x'), 414, After::closed},
  };
}

std::vector<Case> fields() {
  std::string many;
  for (int i = 0; i < 101; ++i) {
    many += "A: b\r\n";
  }
  return {
      {get("X:\r\n"), 200, After::open},
      {get("X: \xc3\xbc\r\n"), 200, After::open},
      {get("Connection: close\r\n"), 200, After::closed},
      {get("Authorization: a\r\n"), 200, After::open},
      {get("Content-Encoding: identity\r\n"), 200, After::open},
      {"GET / HTTP/1.1\r\n\r\n", 400, After::closed},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, After::closed},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, After::closed},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, After::closed},
      {get("Host: h\r\n"), 400, After::closed},
      {get(" folded: x\r\n"), 400, After::closed},
      {get("A: b\r\n c\r\n"), 400, After::closed},
      {get("A : b\r\n"), 400, After::closed},
      {get(": b\r\n"), 400, After::closed},
      {get("no colon\r\n"), 400, After::closed},
      {get("A\x01: b\r\n"), 400, After::closed},
      {get("A: \x01\r\n"), 400, After::closed},
      {get("A: \x7f\r\n"), 400, After::closed},
      {get("A: b\nC: d\r\n"), 400, After::closed},
      {get("A: b\rC: d\r\n"), 400, After::closed},
      {get("Authorization: a\r\nAuthorization: a\r\n"), 400, After::closed},
      {get("Expect: cookies\r\n"), 400, After::closed},
      {get("Content-Encoding: gzip\r\n"), 415, After::closed},
      {get(many), 431, After::closed},
      {get("A: " + std::string(40'000, 'x') + "\r\n"), 431, After::closed},
  };
}

std::vector<Case> bodies() {
  return {
      {post("Content-Length: 3\r\n", "abc"), 200, After::open},
      {post("Content-Length: 003\r\n", "abc"), 200, After::open},
      {chunks("3\r\nabc\r\n0\r\n\r\n"), 200, After::open},
      {chunks("0\r\nTrailer: x\r\n\r\n"), 200, After::open},
      {post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), 200, After::open},
      {post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400, After::closed},
      {post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400, After::closed},
      {post("Content-Length: 3, 3\r\n", "abc"), 400, After::closed},
      {post("Content-Length: +3\r\n", "abc"), 400, After::closed},
      {post("Content-Length: -3\r\n", "abc"), 400, After::closed},
      {post("Content-Length: 0x3\r\n", "abc"), 400, After::closed},
      {post("Content-Length: 3 3\r\n", "abc"), 400, After::closed},
      {post("Content-Length:\r\n", "abc"), 400, After::closed},
      {post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
       After::closed},
      {post("Content-Length: 3\r\nTransfer-Encoding: gzip\r\n", "abc"), 400, After::closed},
      {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""), 400,
       After::closed},
      {post("Transfer-Encoding: gzip, chunked\r\n", ""), 501, After::closed},
      {post("Transfer-Encoding: chunked, chunked\r\n", ""), 501, After::closed},
      {post("Transfer-Encoding: xchunked\r\n", ""), 501, After::closed},
      {post("Transfer-Encoding: identity\r\n", ""), 501, After::closed},
      {post("Transfer-Encoding:\r\n", ""), 501, After::closed},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, After::closed},
      {post("Content-Length: 1001\r\n", ""), 413, After::closed},
      {post("Content-Length: 99999999999999999999999\r\n", ""), 413, After::closed},
      {post("Content-Length: 1001\r\nExpect: 100-continue\r\n", ""), 413, After::closed},
      {chunks("3e9\r\n"), 413, After::closed},
      {chunks("ffffffff\r\n"), 413, After::closed},
      {chunks("fffffffff\r\n"), 400, After::closed},
      {chunks("3\nabc\r\n"), 400, After::closed},
      {chunks("3\r\nabcd\r\n"), 400, After::closed},
      {chunks("\r\n"), 400, After::closed},
      {chunks("0\r\n" + std::string(20'000, 'a')), 431, After::closed},
  };
}

class Framing : public ::testing::TestWithParam<std::vector<Case> (*)()> {};

TEST_P(Framing, EveryByteSequenceHasItsAnswer) {
  RunningServer server(echo);
  for (const auto& [bytes, status, after] : GetParam()()) {
    const std::string shown = bytes.substr(0, 100);
    Peer peer(server.port());
    peer.send(bytes);
    EXPECT_EQ(peer.read_response().substr(0, 12), "HTTP/1.1 " + std::to_string(status)) << shown;
    if (after == After::closed) {
      peer.end_sending();
      EXPECT_TRUE(peer.ended()) << shown;
    } else {
      peer.send(get(""));
      EXPECT_EQ(peer.read_response().substr(0, 12), "HTTP/1.1 200") << shown;
    }
    Peer next(server.port());
    next.send(get("Connection: close\r\n"));
    EXPECT_EQ(next.read_to_end().substr(0, 12), "HTTP/1.1 200") << shown;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Framing, ::testing::Values(&request_lines, &fields, &bodies));

}  // namespace
}  // namespace belfry::http
