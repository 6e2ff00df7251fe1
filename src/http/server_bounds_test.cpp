// What a server reads, keeps and sends for peers that waste it.
#include <boost/asio/write.hpp>

#include "http/byte_budget.hpp"
#include "http/server_fixture.hpp"

namespace belfry::http {
namespace {

using testing::echo;
using testing::milliseconds;
using testing::Peer;
using testing::RunningServer;
namespace asio = boost::asio;

TEST(ByteBudget, SharesAreBoundedTogetherAndGivenBack) {
  ByteBudget budget({.total = 100, .per_address = 100, .per_tenant = 100});
  ByteBudget::Share first(budget, "a");
  EXPECT_TRUE(first.raise_to(60));
  {
    ByteBudget::Share second(budget, "b");
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

TEST(ByteBudget, TheSmallestOfItsLimitsDecides) {
  for (const auto& limits : {ByteBudget::Limits{.total = 10, .per_address = 20, .per_tenant = 30},
                             {.total = 30, .per_address = 10, .per_tenant = 20},
                             {.total = 20, .per_address = 30, .per_tenant = 10}}) {
    ByteBudget budget(limits);
    ByteBudget::Share share(budget, "address");
    share.belongs_to(TenantId{{1, 2}});
    EXPECT_EQ(share.left(), 10U);
    EXPECT_FALSE(share.raise_to(11));
    EXPECT_TRUE(share.raise_to(10));
    EXPECT_EQ(share.left(), 0U);
  }
}

TEST(ByteBudget, ATenantAndAnAddressHaveSharesOfTheirOwn) {
  ByteBudget budget({.total = 100, .per_address = 40, .per_tenant = 40});
  ByteBudget::Share first(budget, "address");
  const TenantId tenant{{1, 2}};
  first.belongs_to(tenant);
  EXPECT_TRUE(first.raise_to(30));
  ByteBudget::Share same_address(budget, "address");
  EXPECT_EQ(same_address.left(), 10U);
  EXPECT_FALSE(same_address.raise_to(11));
  ByteBudget::Share same_tenant(budget, "other");
  EXPECT_TRUE(same_tenant.raise_to(20));
  same_tenant.belongs_to(tenant);
  EXPECT_EQ(budget.used(), 50U) << "each byte counts once in total";
  EXPECT_EQ(same_tenant.left(), 0U) << "what was held before counts for the tenant, too";
  ByteBudget::Share stranger(budget, "third");
  EXPECT_TRUE(stranger.raise_to(40));
  stranger.hold(60);
  EXPECT_EQ(budget.used(), 110U) << "what cannot be refused is counted";
  EXPECT_EQ(same_address.left(), 0U);
  stranger.release();
  first.release();
  EXPECT_TRUE(same_tenant.raise_to(40));
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
  options.bodies = {30'000, 30'000, 30'000};
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
  options.stranger_bodies = {10'000, 10'000, 10'000};
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

// Known by their names, all at one address behind a proxy that says so.
HeadVerdict admit_by_name(const Request& head) {
  HeadVerdict verdict;
  verdict.sender = HeadVerdict::Sender::known;
  verdict.tenant = {{0, std::hash<std::string_view>{}(head.headers.get("X-Friend").value_or(""))}};
  return verdict;
}

TEST(ServerBounds, ATenantAndAnAddressLeaveRoomForOthersBodies) {
  ServerOptions options;
  options.bodies = {60'000, 30'000, 30'000};
  options.trusted_proxies = *TrustedProxies::make({"127.0.0.1"});
  RunningServer running(echo, options, 1, admit_by_name);
  const auto hold = [&](const std::string& tenant, const std::string& address) {
    auto peer = std::make_unique<Peer>(running.port());
    peer->send(post("/large", 20'000,
                    "Expect: 100-continue\r\nX-Friend: " + tenant +
                        "\r\nX-Forwarded-For: " + address + "\r\n"));
    const auto answer = peer->read_until("\r\n\r\n");
    return std::pair(std::move(peer), answer.substr(9, 3));
  };
  // Each holds room for what has come and for as much again, until its peer goes.
  const auto first = hold("tenant", "192.0.2.1");
  EXPECT_EQ(first.second, "100");
  EXPECT_EQ(hold("tenant", "192.0.2.2").second, "503");
  EXPECT_EQ(hold("neighbour", "192.0.2.1").second, "503");
  EXPECT_EQ(hold("other", "192.0.2.3").second, "100");
}

asio::awaitable<Response> megabyte(Request&) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::string(std::size_t{1} << 20, 'x');
  co_return response;
}

TEST(ServerBounds, AnswersInFlightShareABudget) {
  ServerOptions options;
  options.answers = {2'500'000, 2'500'000, 2'500'000};
  options.stall_time = milliseconds(60'000);
  RunningServer running(megabyte, options);
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  Peer first(running.port()), second(running.port()), third(running.port());
  first.send(request);
  EXPECT_TRUE(first.read_until("\r\n").ends_with("200 OK\r\n"));
  second.send(request);
  EXPECT_TRUE(second.read_until("\r\n").ends_with("200 OK\r\n"));
  third.send(request);
  EXPECT_TRUE(third.read_response().starts_with("HTTP/1.1 503"));
  first.read_until("\r\n\r\n");
  // Once an answer has been read, its bytes are given back.
  std::string body;
  while (body.size() < std::size_t{1} << 20) body += first.read_some();
  std::string again;
  while (!again.starts_with("HTTP/1.1 200")) {
    third.send(request);
    again = third.read_response();
  }
  second.close();
}

TEST(ServerBounds, AReaderThatTakesNothingIsClosed) {
  ServerOptions options;
  options.stall_time = milliseconds(100);
  RunningServer running(megabyte, options);
  Peer stalled(running.port());
  stalled.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(stalled.read_until("\r\n").ends_with("200 OK\r\n"));
  while (running.server().connections() > 0) std::this_thread::yield();
  EXPECT_LT(stalled.read_to_end().size(), std::size_t{1} << 20);
}

TEST(ServerBounds, AnAddressHasItsConnectionsAndNoMore) {
  ServerOptions options;
  options.connections_per_address_max = 2;
  RunningServer running(echo, options);
  auto first = std::make_unique<Peer>(running.port());
  Peer second(running.port());
  for (auto* peer : {first.get(), &second}) {
    peer->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(peer->read_response().starts_with("HTTP/1.1 200"));
  }
  Peer third(running.port());
  EXPECT_TRUE(third.read_response().starts_with("HTTP/1.1 429"));
  Peer elsewhere(running.port(), "127.0.0.2");
  elsewhere.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(elsewhere.read_response().starts_with("HTTP/1.1 200"));
  third.close();
  first.reset();
  // The closed ones make room, once the server has noticed.
  for (std::string answer; !answer.starts_with("HTTP/1.1 200");) {
    Peer again(running.port());
    again.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    answer = again.read_response();
  }
}

TEST(ServerBounds, ATrustedProxyHasAsManyConnectionsAsItWants) {
  ServerOptions options;
  options.connections_per_address_max = 1;
  options.trusted_proxies = *TrustedProxies::make({"127.0.0.1"});
  RunningServer running(echo, options);
  Peer first(running.port()), second(running.port());
  for (auto* peer : {&first, &second}) {
    peer->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(peer->read_response().starts_with("HTTP/1.1 200"));
  }
}

TEST(ServerBounds, TheLongestIdleConnectionMakesWayWhenTheServerIsFull) {
  for (const std::size_t threads : {1U, 2U}) {
    ServerOptions options;
    options.connections_max = 4;
    RunningServer running(echo, options, threads);
    std::vector<std::unique_ptr<Peer>> peers;
    const auto serve = [](Peer& peer) {
      peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_TRUE(peer.read_response().starts_with("HTTP/1.1 200"));
    };
    for (int i = 0; i < 4; ++i) serve(*peers.emplace_back(std::make_unique<Peer>(running.port())));
    // The fourth has the second's thread, which has noticed that the second is idle before it
    // answers the fourth again. So the second has been idle longest then.
    for (const auto i : {3U, 0U, 2U}) serve(*peers[i]);
    Peer next(running.port());
    serve(next);
    EXPECT_TRUE(peers[1]->ended());
    for (const auto i : {0U, 2U, 3U}) serve(*peers[i]);
  }
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
