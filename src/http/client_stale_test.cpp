// What a caller is told when a connection ends before the answer, and who sends the request again.
#include <gtest/gtest.h>

#include "http/client_fixture.hpp"

namespace belfry::http {
namespace {

using AfterStaleEnd = OutboundRequest::AfterStaleEnd;

OutboundRequest reported_post(const std::string& url) {
  auto request = post_to(url);
  request.after_stale_end = AfterStaleEnd::report;
  request.repeatable = true;
  return request;
}

TEST_F(ClientTest, AStaleEndIsReportedToACallerThatSendsAgainItself) {
  ScriptedPeer peer({{ok()}, {.close_after = true}, {ok()}});
  make_client();
  ASSERT_TRUE(answer_to(reported_post(url_of(peer))));
  const auto answer = answer_to(reported_post(url_of(peer)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, CallFailure::connection_broken);
  EXPECT_TRUE(answer.error().stale);
  EXPECT_TRUE(answer.error().sent);
  EXPECT_FALSE(answer.error().answered);
  EXPECT_FALSE(answer.error().own_trouble);
  EXPECT_EQ(peer.requests().size(), 2U);
}

TEST_F(ClientTest, AnEndThatComesLateIsNotStale) {
  ScriptedPeer peer({{ok()}, {.close_after = true}});
  make_client({"127.0.0.0/8"}, {.stale_end_max = std::chrono::milliseconds(-1)});
  ASSERT_TRUE(answer_to(reported_post(url_of(peer))));
  const auto answer = answer_to(reported_post(url_of(peer)));
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().stale);
  EXPECT_TRUE(answer.error().sent);
}

TEST_F(ClientTest, AnEndOfAFreshConnectionOrWithinAnAnswerIsNotStale) {
  ScriptedPeer peer({{.close_after = true}, {ok()}, {.send = "HTTP/1.1 2", .close_after = true}});
  make_client();
  const auto fresh = answer_to(reported_post(url_of(peer)));
  ASSERT_FALSE(fresh);
  EXPECT_FALSE(fresh.error().stale);
  EXPECT_TRUE(fresh.error().sent);
  EXPECT_FALSE(fresh.error().answered);
  ASSERT_TRUE(answer_to(reported_post(url_of(peer))));
  const auto begun = answer_to(reported_post(url_of(peer)));
  ASSERT_FALSE(begun);
  EXPECT_FALSE(begun.error().stale);
  EXPECT_TRUE(begun.error().answered);
}

TEST_F(ClientTest, AFreshConnectionIsNeverAKeptOne) {
  ScriptedPeer peer({{ok()}});
  make_client();
  auto request = reported_post(url_of(peer));
  request.connection = OutboundRequest::Connection::fresh;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(answer_to(request));
  EXPECT_EQ(peer.connections(), 3U);
}

TEST_F(ClientTest, ACallThatFoundNoPeerHasSentNothing) {
  std::string url;
  {
    ScriptedPeer gone({{ok()}});
    url = url_of(gone);
  }
  make_client();
  const auto answer = answer_to(post_to(url));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, CallFailure::connect_failed);
  EXPECT_FALSE(answer.error().sent);
  EXPECT_FALSE(answer.error().stale);
}

}  // namespace
}  // namespace belfry::http
