#include "http/client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>

#include "http/client_fixture.hpp"

namespace belfry::http {
namespace {

using std::chrono::milliseconds;

TEST_F(ClientTest, SendsARequestAndKeepsTheConnection) {
  ScriptedPeer peer({{ok("hello")}});
  make_client();
  auto request = post_to(url_of(peer, "/hook?x=1"), R"({"a":1})");
  request.headers.add("Content-Type", "application/json");

  for (int i = 0; i < 3; ++i) {
    const auto answer = answer_to(request);
    ASSERT_TRUE(answer) << name(answer.error());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "hello");
    EXPECT_FALSE(answer->body_truncated);
  }

  EXPECT_EQ(peer.connections(), 1U);
  EXPECT_EQ(client->idle_connections(), 1U);
  EXPECT_EQ(peer.requests().front(),
            "POST /hook?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
                "\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

TEST_F(ClientTest, ASendOfTheCallersOwnFramingFieldsIsLeftOut) {
  ScriptedPeer peer({{ok()}});
  make_client();
  auto request = post_to(url_of(peer));
  request.headers = {
      {"HOST", "evil"},        {"content-length", "999"},   {"Transfer-Encoding", "chunked"},
      {"connection", "close"}, {"X-Split", "a\r\nEvil: 1"}, {"Bad Name", "x"},
      {"X-Good", "yes"}};
  ASSERT_TRUE(answer_to(request));
  const auto sent = peer.requests().front();
  for (const char* absent : {"evil", "999", "chunked", "close", "Evil", "Bad Name"}) {
    EXPECT_EQ(sent.find(absent), std::string::npos) << absent;
  }
  EXPECT_NE(sent.find("X-Good: yes\r\n"), std::string::npos);
}

TEST_F(ClientTest, SendsALargeBodyWhole) {
  ScriptedPeer peer({{ok()}});
  make_client();
  const std::string body(3 * 1024 * 1024, 'b');
  ASSERT_TRUE(answer_to(post_to(url_of(peer), body)));
  EXPECT_TRUE(peer.requests().front().ends_with("\r\n\r\n" + body));
}

struct Answered {
  const char* what;
  std::string bytes;
  bool close;
  int status;  // 0: a failure
  CallFailure failure;
  std::string body;
  bool kept;  // the connection afterwards
};

class ClientAnswers : public ClientTest, public testing::WithParamInterface<Answered> {};

TEST_P(ClientAnswers, AreReadOrRefused) {
  const auto& expected = GetParam();
  ScriptedPeer peer({{.send = expected.bytes, .close_after = expected.close}});
  make_client();

  const auto answer = answer_to(post_to(url_of(peer)));

  if (expected.status == 0) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(name(answer.error()), name(expected.failure));
  } else {
    ASSERT_TRUE(answer) << name(answer.error());
    EXPECT_EQ(answer->status, expected.status);
    EXPECT_EQ(answer->body, expected.body);
  }
  EXPECT_EQ(client->idle_connections(), expected.kept ? 1U : 0U);
  EXPECT_EQ(peer.requests().size(), 1U);
}

const std::string kHead = "HTTP/1.1 200 OK\r\n";
constexpr auto kMalformed = CallFailure::malformed_answer;
constexpr auto kBroken = CallFailure::connection_broken;

INSTANTIATE_TEST_SUITE_P(
    Client, ClientAnswers,
    testing::Values(
        Answered{"chunked",
                 kHead + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                 false,
                 200,
                 {},
                 "abcde",
                 true},
        Answered{"no_content", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, {}, "", true},
        Answered{"connection_close",
                 kHead + "Connection: close\r\nContent-Length: 2\r\n\r\nok",
                 false,
                 200,
                 {},
                 "ok",
                 false},
        Answered{"until_close", kHead + "\r\nall of it", true, 200, {}, "all of it", false},
        Answered{"old_version",
                 "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                 false,
                 200,
                 {},
                 "ok",
                 false},
        Answered{"interim",
                 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + ok(),
                 false,
                 200,
                 {},
                 "ok",
                 true},
        Answered{"unasked_bytes_after", ok() + "HTTP/1.1 200", false, 200, {}, "ok", false},
        Answered{"switching", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false, 0, kMalformed, "",
                 false},
        Answered{"garbage", "SSH-2.0-OpenSSH_9.2\r\n\r\n", false, 0, kMalformed, "", false},
        Answered{"http2", "HTTP/2.0 200 OK\r\n\r\n", false, 0, kMalformed, "", false},
        Answered{"bad_status", "HTTP/1.1 2x0 OK\r\n\r\n", false, 0, kMalformed, "", false},
        Answered{"bad_length", kHead + "Content-Length: -1\r\n\r\n", false, 0, kMalformed, "",
                 false},
        Answered{"two_lengths", kHead + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", false,
                 0, kMalformed, "", false},
        Answered{"length_and_chunked",
                 kHead + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false,
                 0, kMalformed, "", false},
        Answered{"bad_chunk", kHead + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", false, 0,
                 kMalformed, "", false},
        Answered{"huge_head", kHead + "X: " + std::string(40'000, 'x') + "\r\n\r\n", false, 0,
                 kMalformed, "", false},
        Answered{"endless_line", std::string(80'000, 'H'), false, 0, kMalformed, "", false},
        Answered{"cut_head", "HTTP/1.1 200 OK\r\nContent-Le", true, 0, kBroken, "", false},
        Answered{"cut_body", kHead + "Content-Length: 10\r\n\r\nabc", true, 0, kBroken, "", false},
        Answered{"cut_chunk", kHead + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", true, 0, kBroken,
                 "", false},
        Answered{"nothing", "", true, 0, kBroken, "", false}),
    [](const auto& test) { return std::string(test.param.what); });

TEST_F(ClientTest, GivesTheFieldsOfTheAnswer) {
  ScriptedPeer peer(
      {{"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n"}});
  make_client();
  const auto answer = answer_to(post_to(url_of(peer)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->headers.get("retry-after"), "7");
  EXPECT_EQ(answer->headers.count("x-a"), 2U);
}

TEST_F(ClientTest, KeepsTheFirstPartOfALargeAnswer) {
  const std::string limit(64 * 1024, 'a');
  ScriptedPeer peer({{ok(limit)}, {ok(limit + "b")}});
  make_client();
  const auto whole = answer_to(post_to(url_of(peer)));
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->body_truncated);
  EXPECT_EQ(client->idle_connections(), 1U);
  const auto cut = answer_to(post_to(url_of(peer)));
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->body_truncated);
  EXPECT_EQ(cut->body, limit);
  EXPECT_EQ(client->idle_connections(), 0U);
}

TEST_F(ClientTest, EndsAnEndlessBody) {
  ScriptedPeer peer({{.send = kHead + "Transfer-Encoding: chunked\r\n\r\n"}, {.send = "never"}});
  ScriptedPeer endless(
      {{.send = kHead + "\r\n" + std::string(8'192, 'x'), .repeat_forever = true}});
  make_client();
  const auto answer = answer_to(post_to(url_of(endless)));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->body_truncated);
  EXPECT_EQ(answer->body.size(), 64U * 1024);
}

TEST_F(ClientTest, AHangingPeerCostsTheTimeout) {
  ScriptedPeer peer({{.hang = true}});
  make_client();
  auto request = post_to(url_of(peer));
  request.timeout = milliseconds(50);
  const auto answer = answer_to(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(name(answer.error()), "timed_out");
  EXPECT_EQ(client->idle_connections(), 0U);
}

TEST_F(ClientTest, AKeptConnectionGetsTheNewerNearerDeadline) {
  ScriptedPeer peer({{ok()}, {.hang = true}});
  make_client();
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  auto request = post_to(url_of(peer));
  request.timeout = milliseconds(50);
  const auto began = std::chrono::steady_clock::now();
  const auto answer = answer_to(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(name(answer.error()), "timed_out");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  EXPECT_EQ(peer.requests().size(), 2U);
}

TEST_F(ClientTest, ADeadKeptConnectionIsReplaced) {
  ScriptedPeer peer({{ok()}});
  make_client();
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  peer.drop_connections();
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  EXPECT_EQ(peer.connections(), 2U);
  EXPECT_EQ(peer.requests().size(), 2U);
}

TEST_F(ClientTest, AStaleKeptConnectionIsRetriedOnceOnAFreshOne) {
  // The peer reads the second request and closes without a byte: unlike above, the client could not
  // have seen it coming. The third connection is not made.
  ScriptedPeer peer({{ok()}, {.close_after = true}, {.close_after = true}, {ok()}});
  make_client();
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  auto request = post_to(url_of(peer));
  request.repeatable = true;
  const auto answer = answer_to(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(name(answer.error()), "connection_broken");
  EXPECT_EQ(peer.connections(), 2U);
  EXPECT_EQ(peer.requests().size(), 3U);
}

// It may have been acted on: whoever asked must know, and decide.
TEST_F(ClientTest, WhatIsNotRepeatableIsNotSentTwice) {
  for (const auto method : {Method::post, Method::patch, Method::put}) {
    ScriptedPeer peer({{ok()}, {.close_after = true}, {ok()}});
    make_client();
    ASSERT_TRUE(answer_to(post_to(url_of(peer))));
    auto request = post_to(url_of(peer));
    request.method = method;
    EXPECT_EQ(answer_to(request).has_value(), method == Method::put) << name(method);
    EXPECT_EQ(peer.requests().size(), method == Method::put ? 3U : 2U) << name(method);
  }
}

// A signature holds a time: it is made when the request leaves, not before a name is looked up, and
// anew for the fresh connection that replaces a dead kept one.
TEST_F(ClientTest, HeadersAtSendingAreAskedForEachTimeARequestLeaves) {
  ScriptedPeer peer({{ok()}, {.close_after = true}, {ok()}});
  auto owned = std::make_unique<ScriptedResolver>(ScriptedResolver::Table{});
  auto& resolver = *owned;
  make_client({"127.0.0.1/32"}, {}, std::move(owned));
  int asked = 0;
  auto request = post_to("http://slow.example:" + std::to_string(peer.port()) + "/", "body");
  request.repeatable = true;
  request.headers_at_sending = [&](std::string_view body) {
    return std::vector<std::pair<std::string, std::string>>{
        {"X-Signed", std::string(body) + std::to_string(++asked)}, {"Host", "left.out"}};
  };
  start(request);
  while (resolver.open.empty()) context.run_one();
  EXPECT_EQ(asked, 0) << "the name is still being looked up";
  Resolution found;
  found.addresses = {boost::asio::ip::make_address("127.0.0.1")};
  found.ttl = std::chrono::seconds{60};
  std::exchange(resolver.open, {}).front()(found);
  ASSERT_TRUE(last());
  EXPECT_TRUE(peer.requests().at(0).contains("X-Signed: body1\r\n"));
  EXPECT_FALSE(peer.requests().at(0).contains("left.out"));
  ASSERT_TRUE(answer_to(request));
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(peer.requests().at(1).contains("X-Signed: body2\r\n"));
  EXPECT_TRUE(peer.requests().at(2).contains("X-Signed: body3\r\n"));
}

TEST_F(ClientTest, AnAnswerBegunIsNotRetried) {
  ScriptedPeer peer({{ok()}, {.send = "HTTP/1.1 2", .close_after = true}, {ok()}});
  make_client();
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  const auto answer = answer_to(post_to(url_of(peer)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(name(answer.error()), "connection_broken");
  EXPECT_EQ(peer.requests().size(), 2U);
}

class Pieces final : public AnswerSink {
 public:
  bool on_status(int told) override {
    status = told;
    return told == 200;
  }
  bool on_body(std::string_view bytes) override {
    body += bytes;
    return body.find("stop") == std::string::npos;
  }
  int status = 0;
  std::string body;
};

TEST_F(ClientTest, AStreamIsToldAsItComes) {
  ScriptedPeer peer({{.send = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "5\r\nfirst\r\n6\r\nsecond\r\n",
                      .hang = true},
                     {.send = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "4\r\nstop\r\n",
                      .hang = true},
                     {.send = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"},
                     {.send = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"}});
  make_client();
  struct Ending {
    int status;
    std::string body, failure;
  };
  for (const auto& [status, body, failure] :
       {Ending{200, "firstsecond", "timed_out"},  // nothing more comes: silence is bounded
        Ending{200, "stop", "none"},              // the sink has heard enough
        Ending{403, "", "none"}, Ending{200, "end", "none"}}) {
    Pieces pieces;
    bool ended = false;
    std::optional<CallFailure> failed;
    boost::asio::co_spawn(
        context, client->stream(post_to(url_of(peer)), std::chrono::milliseconds{100}, pieces),
        [&](std::exception_ptr, std::optional<CallFailure> how) {
          failed = how;
          ended = true;
        });
    while (!ended) {
      context.restart();
      context.run_one();
    }
    EXPECT_EQ(pieces.status, status);
    EXPECT_EQ(pieces.body, body);
    EXPECT_EQ(failed ? name(*failed) : "none", failure);
  }
}

// Its destination is allowed and answers, so a client that followed it would be noticed.
TEST_F(ClientTest, ARedirectIsTheAnswerAndIsNotFollowed) {
  ScriptedPeer elsewhere({{ok()}});
  make_client();
  for (const char* status : {"301", "302", "303", "307", "308"}) {
    ScriptedPeer peer({{.send = std::string("HTTP/1.1 ") + status + " Moved\r\nLocation: " +
                                url_of(elsewhere) + "\r\nContent-Length: 0\r\n\r\n"}});
    const auto answer = answer_to(post_to(url_of(peer)));
    ASSERT_TRUE(answer) << status;
    EXPECT_EQ(std::to_string(answer->status), status);
    EXPECT_EQ(peer.requests().size(), 1U) << status;
  }
  EXPECT_TRUE(elsewhere.requests().empty());
  ASSERT_TRUE(answer_to(post_to(url_of(elsewhere)))) << "it could have been followed";
}

TEST_F(ClientTest, TenantsDoNotShareConnections) {
  ScriptedPeer peer({{ok()}});
  make_client();
  std::size_t tenants = 0;
  // Equal in length, in beginning or in end; one that could be a part of the pool's own text.
  for (const auto* key : {"tenant", "tenanu", "uenant", "another", "", "tenantp80", "6:tenant"}) {
    auto request = post_to(url_of(peer));
    request.pool_key = key;
    ASSERT_TRUE(answer_to(request));
    ASSERT_TRUE(answer_to(request));
    EXPECT_EQ(peer.connections(), ++tenants) << key;
  }
}

TEST_F(ClientTest, IdleConnectionsAreBoundedAndExpire) {
  ScriptedPeer peer({{ok()}});
  make_client({"127.0.0.0/8"}, {.idle_total = 2, .idle_time = milliseconds(30)});
  for (const char* tenant : {"a", "b", "c"}) {
    auto request = post_to(url_of(peer));
    request.pool_key = tenant;
    ASSERT_TRUE(answer_to(request));
  }
  EXPECT_LE(client->idle_connections(), 2U);
  while (client->idle_connections() > 0) {
    context.restart();
    context.run_one();
  }
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
}

TEST_F(ClientTest, ARefusedConnectionIsAFailure) {
  std::string url;
  {
    ScriptedPeer gone({{ok()}});
    url = url_of(gone);
  }
  make_client();
  const auto answer = answer_to(post_to(url));
  ASSERT_FALSE(answer);
  EXPECT_EQ(name(answer.error()), "connect_failed");
}

TEST_F(ClientTest, ACallIsCancelledThroughItsSlot) {
  ScriptedPeer peer({{ok()}, {.hang = true}, {ok()}});
  make_client();
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  boost::asio::cancellation_signal cancel;
  start(post_to(url_of(peer)), &cancel);
  while (peer.requests().size() < 2) {
    context.restart();
    context.poll_one();
  }
  cancel.emit(boost::asio::cancellation_type::terminal);
  const auto answer = last();
  ASSERT_FALSE(answer);
  EXPECT_EQ(name(answer.error()), "cancelled");
  EXPECT_EQ(client->idle_connections(), 0U);
  EXPECT_TRUE(answer_to(post_to(url_of(peer))));
}

TEST_F(ClientTest, CloseEndsEverything) {
  ScriptedPeer peer({{ok()}, {.hang = true}});
  auto resolver = std::make_unique<ScriptedResolver>(ScriptedResolver::Table{});
  make_client({"127.0.0.0/8"}, {}, std::move(resolver));
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  start(post_to(url_of(peer)));
  start(post_to("http://never.example/"));
  while (peer.requests().size() < 2) {
    context.restart();
    context.poll_one();
  }
  client->close();
  client->close();
  context.restart();
  context.run();  // nothing is left that could keep it busy
  for (std::size_t i = 1; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i]);
    ASSERT_FALSE(*answers[i]);
    EXPECT_EQ(name(answers[i]->error()), "cancelled");
  }
  EXPECT_EQ(name(answer_to(post_to(url_of(peer))).error()), "cancelled");
}

TEST_F(ClientTest, TheClientMayGoWhileACallIsOpen) {
  ScriptedPeer peer({{.hang = true}});
  make_client();
  start(post_to(url_of(peer)));
  while (peer.requests().empty()) {
    context.restart();
    context.poll_one();
  }
  client.reset();
  EXPECT_EQ(name(last().error()), "cancelled");
}

}  // namespace
}  // namespace belfry::http
