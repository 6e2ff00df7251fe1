// What a server reads, keeps and sends for peers that waste it.
#include <boost/asio/write.hpp>

#include "http/byte_budget.hpp"
#include "http/server_fixture.hpp"

namespace belfry::http {
namespace {

using testing::echo;
using testing::Peer;
using testing::RunningServer;
namespace asio = boost::asio;

TEST(ByteBudget, SharesAreBoundedTogetherAndGivenBack) {
  ByteBudget budget(100);
  ByteBudget::Share first(budget);
  EXPECT_TRUE(first.raise_to(60));
  {
    ByteBudget::Share second(budget);
    EXPECT_TRUE(second.raise_to(30));
    EXPECT_FALSE(second.raise_to(41));
    EXPECT_TRUE(second.raise_to(40));
    EXPECT_TRUE(second.raise_to(10)) << "less than it has";
    EXPECT_EQ(budget.used(), 100U);
    EXPECT_FALSE(first.raise_to(61));
  }
  EXPECT_EQ(budget.used(), 60U);
  EXPECT_TRUE(first.raise_to(100));
}

// Friends are known, /open is for strangers, too.
HeadVerdict admit_friends(const Request& head) {
  HeadVerdict verdict;
  if (head.headers.get("X-Friend")) {
    verdict.sender = HeadVerdict::Sender::known;
  } else if (head.path != "/open") {
    verdict.refusal.emplace().status = 401;
  }
  return verdict;
}

std::string post(const std::string& path, std::size_t length, const std::string& more = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) +
         "\r\n" + more + "\r\n";
}

TEST(ServerBounds, ALongBodyIsNotReadForWhoMayNotSendIt) {
  RunningServer running(echo, {}, 1, admit_friends);
  for (const std::string& rest :
       {std::string("Content-Length: 30000000\r\n\r\n"),
        "Transfer-Encoding: chunked\r\n\r\nFFFFFF\r\n" + std::string(20'000, 'x')}) {
    Peer peer(running.port());
    peer.send("POST /large HTTP/1.1\r\nHost: h\r\n" + rest);
    EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 401"));
    peer.end_sending();
    EXPECT_TRUE(peer.ended());
  }
  EXPECT_EQ(running.server().requests_total(), 0U);
  Peer peer(running.port());
  const std::string body(20'000, 'x');
  peer.send(post("/large", body.size(), "X-Friend: 1\r\n") + body);
  EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 200"));
}

TEST(ServerBounds, WhoWaitsFor100IsAnsweredTheRefusalInstead) {
  RunningServer running(echo, {}, 1, admit_friends);
  Peer stranger(running.port());
  stranger.send(post("/", 2, "Expect: 100-continue\r\n"));
  EXPECT_TRUE(stranger.read_response().starts_with("HTTP/1.1 401"));
  Peer known(running.port());
  known.send(post("/", 2, "Expect: 100-continue\r\nX-Friend: 1\r\n"));
  EXPECT_EQ(known.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(ServerBounds, AShortBodyIsReadSoThatTheConnectionGoesOn) {
  RunningServer running(echo, {}, 1, admit_friends);
  Peer peer(running.port());
  peer.send(post("/", 2) + "ab" + post("/", 2) + "cd");
  EXPECT_TRUE(peer.read_response().ends_with("ab"));
  EXPECT_TRUE(peer.read_response().ends_with("cd"));
}

TEST(ServerBounds, BodiesInFlightShareABudget) {
  ServerOptions options;
  options.body_bytes_max = 30'000;
  RunningServer running(echo, options);
  Peer first(running.port());
  first.send(post("/large", 16'000, "Expect: 100-continue\r\n"));
  EXPECT_TRUE(first.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
  const std::string body(20'000, 'x');
  const std::string whole = post("/large", body.size()) + body;
  Peer second(running.port());
  second.send(whole);
  EXPECT_TRUE(second.read_response().starts_with("HTTP/1.1 503"));
  Peer chunked(running.port());
  chunked.send("POST /large HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9C40\r\n" +
               body + body + "\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.read_response().starts_with("HTTP/1.1 503"));
  first.send(body.substr(0, 16'000));
  EXPECT_TRUE(first.read_response().starts_with("HTTP/1.1 200"));
  first.send(whole);
  EXPECT_TRUE(first.read_response().starts_with("HTTP/1.1 200")) << "an answered body is let go";
}

TEST(ServerBounds, StrangersHaveAShareOfTheirOwn) {
  ServerOptions options;
  options.stranger_body_bytes_max = 10'000;
  RunningServer running(echo, options, 1, admit_friends);
  std::vector<std::unique_ptr<Peer>> holders;
  for (int i = 0; i < 10; ++i) {
    auto& holder = *holders.emplace_back(std::make_unique<Peer>(running.port()));
    holder.send(post("/open", 1'000, "Expect: 100-continue\r\n"));
    EXPECT_TRUE(holder.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
  }
  Peer too_many(running.port());
  too_many.send(post("/open", 1'000, "Expect: 100-continue\r\n"));
  EXPECT_TRUE(too_many.read_response().starts_with("HTTP/1.1 503"));
  Peer friendly(running.port());
  friendly.send(post("/", 1'000, "X-Friend: 1\r\n"));
  friendly.send(std::string(1'000, 'x'));
  EXPECT_TRUE(friendly.read_response().starts_with("HTTP/1.1 200"));
  Peer stranger(running.port());
  stranger.send(post("/", 1'000));
  EXPECT_TRUE(stranger.read_response().starts_with("HTTP/1.1 401"));
}

// Waits until its peer has gone.
struct Patient {
  std::promise<void> waits, over;
  asio::awaitable<Response> handle(Request& request) {
    const auto gone = request.peer->gone();
    EXPECT_FALSE(request.peer->has_gone());
    async::WakeUp wake(co_await asio::this_coro::executor);
    waits.set_value();
    EXPECT_EQ(co_await wake.wait(std::nullopt, gone), async::WakeUp::Reason::stopped);
    EXPECT_TRUE(request.peer->has_gone());
    over.set_value();
    co_return Response{};
  }
};

TEST(ServerBounds, AHandlerLearnsThatItsPeerHasGone) {
  for (const bool pipelined : {false, true}) {
    Patient patient;
    RunningServer running([&](Request& request) { return patient.handle(request); });
    Peer peer(running.port());
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    patient.waits.get_future().get();
    if (pipelined) peer.send("GET /next");
    peer.close();
    patient.over.get_future().get();
  }
}

TEST(ServerBounds, AWatchedPeerThatStaysIsServedOn) {
  RunningServer running([](Request& request) {
    EXPECT_FALSE(request.peer->gone().requested());
    return echo(request);
  });
  Peer peer(running.port());
  for (int i = 0; i < 3; ++i) {
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 200"));
  }
}

}  // namespace
}  // namespace belfry::http
