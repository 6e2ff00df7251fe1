#include <boost/asio/write.hpp>
#include <system_error>

#include "async/stop_signal.hpp"
#include "http/server_fixture.hpp"

namespace belfry::http {
namespace {

using testing::echo;
using testing::Peer;
using testing::RunningServer;
namespace asio = boost::asio;
using std::chrono::milliseconds;

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
}
std::string body_of(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  RunningServer running(echo);
  Peer peer(running.port());
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += get("/" + std::to_string(i));
  }
  peer.send(bytes);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(body_of(peer.read_response()), "GET /" + std::to_string(i) + "? ");
  }
  EXPECT_EQ(running.server().requests_total(), 100U);
}

TEST(Server, ReadsBodiesByLengthAndByChunks) {
  RunningServer running(echo);
  Peer peer(running.port());
  const std::string large(3'000'000, 'x');
  peer.send("POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + large);
  EXPECT_EQ(body_of(peer.read_response()), "POST /large? " + large);
  peer.send("PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  peer.send("3\r\ncde\r\n0\r\n\r\n" + get("/next?q"));
  EXPECT_EQ(body_of(peer.read_response()), "PUT /c? abcde");
  EXPECT_EQ(body_of(peer.read_response()), "GET /next?q ");
}

TEST(Server, AsksForTheBodyWhenTheClientWaits) {
  RunningServer running(echo);
  Peer peer(running.port());
  peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ok");
  EXPECT_EQ(body_of(peer.read_response()), "POST /? ok");
}

TEST(Server, LeavesTheBodyOutOfHead) {
  RunningServer running(echo);
  Peer peer(running.port());
  peer.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = peer.read_response(false);
  EXPECT_NE(head.find("Content-Length: 9\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Date: "), std::string::npos);
  peer.send(get("/y"));
  EXPECT_EQ(body_of(peer.read_response()), "GET /y? ");
}

asio::awaitable<Response> no_content(Request&) {
  Response response;
  response.status = 204;
  co_return response;
}

TEST(Server, SendsNoLengthWithNoContent) {
  RunningServer running(no_content);
  Peer peer(running.port());
  peer.send(get("/") + get("/"));
  EXPECT_EQ(peer.read_response().find("Content-Length"), std::string::npos);
  EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 204 No Content\r\n"));
}

asio::awaitable<Response> throwing(Request&) {
  throw std::runtime_error("secret");
  co_return Response{};
}

TEST(Server, AHandlerThatThrowsIsAnInternalError) {
  RunningServer running(throwing);
  Peer peer(running.port());
  peer.send(get("/"));
  const std::string response = peer.read_response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500")) << response;
  EXPECT_EQ(response.find("secret"), std::string::npos);
}

ServerOptions short_times() {
  ServerOptions options;
  options.header_time = options.body_time = options.idle_time = milliseconds(40);
  return options;
}

TEST(Server, EndsASlowHead) {
  RunningServer running(echo, short_times());
  Peer peer(running.port());
  peer.send("GET / HTTP/1.1\r\nHost:");
  EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 408"));
  peer.end_sending();
  EXPECT_TRUE(peer.ended());
}

TEST(Server, EndsASlowBody) {
  RunningServer running(echo, short_times());
  for (const std::string framing :
       {"Content-Length: 5\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    Peer peer(running.port());
    peer.send("POST / HTTP/1.1\r\nHost: h\r\n" + framing);
    EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 408"));
    peer.end_sending();
    EXPECT_TRUE(peer.ended());
  }
}

TEST(Server, ClosesAnIdleConnectionSilently) {
  RunningServer running(echo, short_times());
  Peer fresh(running.port());
  EXPECT_TRUE(fresh.ended());
  Peer used(running.port());
  used.send(get("/"));
  EXPECT_FALSE(used.read_response().empty());
  EXPECT_TRUE(used.ended());
}

asio::awaitable<Response> huge(Request&) {
  Response response;
  response.body = std::string(64 << 20, 'x');
  co_return response;
}

TEST(Server, EndsAClientThatDoesNotRead) {
  ServerOptions options;
  options.write_time = milliseconds(40);
  RunningServer running(huge, options);
  Peer peer(running.port());
  peer.send(get("/"));
  // The head comes; without reading on, the server must be able to end all by itself.
  EXPECT_FALSE(peer.read_until("\r\n\r\n").empty());
  running.stop(milliseconds(60'000));
  EXPECT_EQ(running.server().connections(), 0U);
}

TEST(Server, TurnsConnectionsAwayBeyondTheLimit) {
  ServerOptions options;
  options.connections_max = 1;
  RunningServer running(echo, options);
  Peer first(running.port());
  // Not idle, so it does not make way: its next request has begun.
  const auto next = get("/");
  first.send(get("/") + next.substr(0, 5));
  EXPECT_TRUE(first.read_response().starts_with("HTTP/1.1 200"));
  Peer second(running.port());
  EXPECT_TRUE(second.read_response().starts_with("HTTP/1.1 503"));
  second.end_sending();
  EXPECT_TRUE(second.ended());
  first.send(next.substr(5));
  EXPECT_TRUE(first.read_response().starts_with("HTTP/1.1 200"));
}

TEST(Server, SpreadsConnectionsOverItsExecutors) {
  RunningServer running(echo, {}, 2);
  for (int i = 0; i < 20; ++i) {
    Peer peer(running.port());
    peer.send(get("/"));
    EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 200"));
  }
  EXPECT_EQ(running.server().requests_total(), 20U);
}

TEST(Server, CannotListenOnATakenPort) {
  RunningServer running(echo);
  ServerOptions options;
  options.port = running.port();
  EXPECT_THROW(RunningServer(echo, options), std::system_error);
  options.address = "not an address";
  EXPECT_THROW(RunningServer(echo, options), std::system_error);
}

asio::awaitable<void> count_to_three(StreamWriter& writer) {
  for (const char* text : {"one", "", "two", "three"}) {
    co_await writer.write(text);
  }
}

asio::awaitable<Response> counting(Request&) {
  Response response;
  response.content_type = "text/event-stream";
  response.stream = count_to_three;
  co_return response;
}

TEST(Server, StreamsInChunksAndKeepsTheConnection) {
  RunningServer running(counting);
  Peer peer(running.port());
  for (int i = 0; i < 2; ++i) {
    peer.send(get("/"));
    const std::string head = peer.read_until("\r\n\r\n");
    EXPECT_NE(head.find("Transfer-Encoding: chunked"), std::string::npos) << head;
    EXPECT_EQ(peer.read_until("0\r\n\r\n"), "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
  }
  Peer old(running.port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(old.read_until("three")), "onetwothree");
  old.end_sending();
  EXPECT_TRUE(old.ended());
}

// A stream that waits for ever; tells when it has begun and when it has ended.
struct Waiting {
  std::promise<void> begun;
  std::promise<void> ended;

  asio::awaitable<void> stream(StreamWriter& writer) {
    struct Ended {
      std::promise<void>& promise;
      ~Ended() { promise.set_value(); }
    } const on_exit{ended};
    co_await writer.write("hello");
    begun.set_value();
    co_await async::sleep_for(std::chrono::hours(1), async::StopSignal{});
    co_await writer.write("never");
  }
  asio::awaitable<Response> handle() {
    Response response;
    response.stream = std::bind_front(&Waiting::stream, this);
    co_return response;
  }
};

TEST(Server, AStreamEndsWhenItsClientGoes) {
  Waiting waiting;
  RunningServer running([&](Request&) { return waiting.handle(); });
  Peer peer(running.port());
  peer.send(get("/"));
  EXPECT_FALSE(peer.read_until("hello").empty());
  peer.close();
  EXPECT_EQ(waiting.ended.get_future().wait_for(std::chrono::seconds(10)),
            std::future_status::ready);
}

asio::awaitable<Response> name_client(Request& request) {
  Response response;
  response.body = request.peer_address + " " + request.peer_unit;
  co_return response;
}

TEST(Server, OnlyATrustedProxyNamesTheClient) {
  const std::string forwarded =
      "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.1, 2001:db8::7\r\n\r\n";
  RunningServer alone(name_client);
  Peer direct(alone.port());
  direct.send(forwarded);
  EXPECT_EQ(body_of(direct.read_response()), "127.0.0.1 127.0.0.1");

  ServerOptions options;
  options.trusted_proxies = *TrustedProxies::make({"127.0.0.1"});
  RunningServer behind(name_client, options);
  Peer proxy(behind.port());
  proxy.send(forwarded);
  EXPECT_EQ(body_of(proxy.read_response()), "2001:db8::7 2001:db8::/64");
  // Each request of a connection has a client of its own.
  proxy.send(get("/"));
  EXPECT_EQ(body_of(proxy.read_response()), "127.0.0.1 127.0.0.1");
}

TEST(Server, AStopEndsStreamsProperly) {
  Waiting waiting;
  RunningServer running([&](Request&) { return waiting.handle(); });
  Peer peer(running.port());
  peer.send(get("/"));
  EXPECT_FALSE(peer.read_until("hello").empty());
  waiting.begun.get_future().get();
  auto stopped = running.begin_stop(milliseconds(60'000));
  EXPECT_EQ(peer.read_to_end(), "\r\n0\r\n\r\n");
  peer.close();
  stopped.get();
  EXPECT_EQ(running.server().connections(), 0U);
}

// A handler that waits until it is told.
struct Held {
  explicit Held(async::StopSignal signal) : release(std::move(signal)) {}
  async::StopSignal release;
  std::promise<void> begun;

  asio::awaitable<Response> handle() {
    begun.set_value();
    co_await async::sleep_for(std::chrono::hours(1), release);
    Response response;
    response.body = "late";
    co_return response;
  }
};

TEST(Server, AStopLetsRequestsFinishAndClosesIdleConnections) {
  async::StopSignal release;
  Held held(release);
  RunningServer running([&](Request&) { return held.handle(); });
  Peer idle(running.port());
  Peer busy(running.port());
  busy.send(get("/"));
  held.begun.get_future().get();
  auto stopped = running.begin_stop(milliseconds(60'000));
  EXPECT_TRUE(idle.ended());
  release.request();
  const std::string response = busy.read_response();
  EXPECT_NE(response.find("Connection: close"), std::string::npos) << response;
  EXPECT_EQ(body_of(response), "late");
  busy.close();
  stopped.get();
}

TEST(Server, AStopGivesUpAfterItsLimit) {
  Held held{async::StopSignal{}};
  RunningServer running([&](Request&) { return held.handle(); });
  Peer busy(running.port());
  busy.send(get("/"));
  held.begun.get_future().get();
  running.stop(milliseconds(50));
  EXPECT_EQ(running.server().connections(), 0U);
  EXPECT_EQ(busy.read_to_end(), "");
}

}  // namespace
}  // namespace belfry::http
