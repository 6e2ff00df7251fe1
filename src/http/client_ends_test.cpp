// A kept connection that its peer has ended is noticed before it is lent, plain and under TLS, so
// that a request which must not be sent twice is not lost to it.
#include <gtest/gtest.h>

#include "http/tls_identity.hpp"

namespace belfry::http {
namespace {

struct Ending {
  const char* what;
  int tls;  // the protocol version; 0: plain
  Then then;
  bool lent;
};

class ClientEnds : public ClientTest, public testing::WithParamInterface<Ending> {};

TEST_P(ClientEnds, AreNoticedBeforeTheConnectionIsLent) {
  const auto& ending = GetParam();
  const Identity identity("IP:127.0.0.1");
  if (ending.tls != 0) SSL_CTX_set_max_proto_version(identity.context(), ending.tls);
  ScriptedPeer peer({{.send = ok("first"), .then = ending.then}, {ok("second")}},
                    ending.tls != 0 ? identity.context() : nullptr);
  make_client({"127.0.0.0/8"}, identity.trusted());
  auto request = post_to(ending.tls != 0 ? tls_url(peer, "127.0.0.1") : url_of(peer));
  request.after_stale_end = OutboundRequest::AfterStaleEnd::report;

  ASSERT_TRUE(answer_to(request));
  // What comes unasked may arrive with the answer; then the connection is not kept at all.
  if (ending.then != Then::unasked) EXPECT_EQ(client->idle_connections(), 1U);
  peer.wait_for_acts(1);
  const auto answer = answer_to(request);

  ASSERT_TRUE(answer) << name(answer.error());
  EXPECT_EQ(answer->body, "second");
  EXPECT_EQ(peer.connections(), ending.lent ? 1U : 2U);
  EXPECT_EQ(peer.requests().size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(
    Client, ClientEnds,
    testing::Values(Ending{"plain", 0, Then::go_on, true}, Ending{"plain_fin", 0, Then::fin, false},
                    Ending{"plain_reset", 0, Then::reset, false},
                    Ending{"plain_unasked", 0, Then::unasked, false},
                    Ending{"tls", TLS1_3_VERSION, Then::go_on, true},
                    Ending{"tls_ticket", TLS1_3_VERSION, Then::ticket, true},
                    Ending{"tls_close_notify", TLS1_3_VERSION, Then::close_notify, false},
                    Ending{"tls_fin", TLS1_3_VERSION, Then::fin, false},
                    Ending{"tls_reset", TLS1_3_VERSION, Then::reset, false},
                    Ending{"tls_half_record", TLS1_3_VERSION, Then::half_record, false},
                    Ending{"tls_half_and_fin", TLS1_3_VERSION, Then::half_and_fin, false},
                    Ending{"tls12", TLS1_2_VERSION, Then::go_on, true},
                    Ending{"tls12_close_notify", TLS1_2_VERSION, Then::close_notify, false},
                    Ending{"tls12_fin", TLS1_2_VERSION, Then::fin, false}),
    [](const auto& test) { return std::string(test.param.what); });

// The ticket is read for the check, and the session goes on for as many calls as there are.
TEST_F(ClientTest, TicketsBetweenAllCallsDoNotEndReuse) {
  const Identity identity("IP:127.0.0.1");
  ScriptedPeer peer({{.send = ok(), .then = Then::ticket}}, identity.context());
  make_client({"127.0.0.0/8"}, identity.trusted());
  for (std::size_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(answer_to(post_to(tls_url(peer, "127.0.0.1"))));
    peer.wait_for_acts(i);
  }
  EXPECT_EQ(peer.connections(), 1U);
}

// The timer of an idle connection may be late, and the peer's end with it.
TEST_F(ClientTest, AConnectionThatShouldHaveExpiredIsNotLent) {
  ScriptedPeer peer({{ok()}});
  make_client({"127.0.0.0/8"}, {.idle_time = std::chrono::milliseconds(0)});
  ASSERT_TRUE(answer_to(post_to(url_of(peer))));
  start(post_to(url_of(peer)));
  ASSERT_TRUE(last());
  EXPECT_EQ(peer.connections(), 2U);
}

}  // namespace
}  // namespace belfry::http
