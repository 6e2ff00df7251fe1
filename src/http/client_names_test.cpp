// The client and names: the hosts file, rebinding, cache, cap and failures.
#include <gtest/gtest.h>

#include "http/client_fixture.hpp"

namespace belfry::http {
namespace {

using std::chrono::milliseconds;

TEST_F(ClientTest, LocalhostIsLookedUpAsWritten) {
  ScriptedPeer peer({{ok()}});
  make_client();
  const std::string url = "http://localhost:" + std::to_string(peer.port()) + "/";
  const auto answer = answer_to(post_to(url));
  ASSERT_TRUE(answer) << name(answer.error());
  EXPECT_NE(peer.requests().front().find("Host: localhost:"), std::string::npos);
  ASSERT_TRUE(answer_to(post_to(url)));
  EXPECT_EQ(peer.connections(), 1U);
}

TEST_F(ClientTest, LocalhostIsForbiddenUnlessOpened) {
  ScriptedPeer peer({{ok()}});
  make_client({});
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto answer =
        answer_to(post_to("http://" + std::string(host) + ":" + std::to_string(peer.port()) + "/"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(name(answer.error()), "destination_forbidden");
  }
  EXPECT_EQ(peer.connections(), 0U);
}

// The name has an allowed and a forbidden address; `allow` opens 127.0.0.1 or everything.
std::unique_ptr<Resolver> rebinding(std::vector<std::string> addresses) {
  return std::make_unique<ScriptedResolver>(
      ScriptedResolver::Table{{"rebind.example", std::move(addresses)}});
}

TEST_F(ClientTest, OneForbiddenAddressForbidsTheName) {
  ScriptedPeer peer({{ok()}});
  const auto url = "http://rebind.example:" + std::to_string(peer.port()) + "/";
  for (const char* forbidden : {"10.0.0.1", "169.254.169.254", "127.0.0.2", "::1", "fd00::1",
                                "::ffff:127.0.0.1", "64:ff9b::10.0.0.1"}) {
    for (const bool first : {true, false}) {
      std::vector<std::string> addresses{"127.0.0.1", forbidden};
      if (first) std::swap(addresses[0], addresses[1]);
      make_client({"127.0.0.1/32"}, {}, rebinding(addresses));
      for (int i = 0; i < 2; ++i) {  // the second time from the cache
        const auto answer = answer_to(post_to(url));
        ASSERT_FALSE(answer) << forbidden;
        EXPECT_EQ(name(answer.error()), "destination_forbidden");
      }
    }
  }
  EXPECT_EQ(peer.connections(), 0U);
}

TEST_F(ClientTest, TheSameNameReachesThePeerWhenEverythingIsAllowed) {
  ScriptedPeer peer({{ok()}});
  make_client({"0.0.0.0/0", "::/0"}, {}, rebinding({"127.0.0.1", "127.0.0.2"}));
  const auto url = "http://rebind.example:" + std::to_string(peer.port()) + "/";
  ASSERT_TRUE(answer_to(post_to(url)));
  EXPECT_EQ(peer.connections(), 1U);
}

TEST_F(ClientTest, TheNextAddressIsTriedWhenOneRefuses) {
  ScriptedPeer peer({{ok()}});  // listens on 127.0.0.1 alone
  make_client({"127.0.0.0/8"}, {}, rebinding({"127.0.0.2", "127.0.0.1"}));
  const auto url = "http://rebind.example:" + std::to_string(peer.port()) + "/";
  ASSERT_TRUE(answer_to(post_to(url)));
}

TEST_F(ClientTest, AnUnknownNameIsAFailure) {
  make_client({"0.0.0.0/0"}, {}, rebinding({}));
  const auto answer = answer_to(post_to("http://rebind.example/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(name(answer.error()), "name_not_resolved");
}

TEST_F(ClientTest, ANameWithoutAnAnswerCostsTheBudgetOrTheTimeout) {
  const auto silent = [] { return std::make_unique<ScriptedResolver>(ScriptedResolver::Table{}); };
  make_client({}, {.resolve_time = milliseconds(20)}, silent());
  EXPECT_EQ(name(answer_to(post_to("http://never.example/")).error()), "name_not_resolved");
  make_client({}, {}, silent());
  auto request = post_to("http://never.example/");
  request.timeout = milliseconds(20);
  EXPECT_EQ(name(answer_to(request).error()), "timed_out");
}

TEST_F(ClientTest, ALookupIsCancelledThroughItsSlot) {
  make_client({}, {}, std::make_unique<ScriptedResolver>(ScriptedResolver::Table{}));
  boost::asio::cancellation_signal cancel;
  start(post_to("http://never.example/"), &cancel);
  context.poll();
  cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_EQ(name(last().error()), "cancelled");
}

TEST_F(ClientTest, OneQuestionServesAllWhoAskAndIsThenCached) {
  ScriptedPeer peer({{ok()}});
  auto owned = std::make_unique<ScriptedResolver>(ScriptedResolver::Table{});
  auto& resolver = *owned;
  make_client({"127.0.0.0/8"}, {}, std::move(owned));
  const auto url = "http://slow.example:" + std::to_string(peer.port()) + "/";
  for (int i = 0; i < 3; ++i) start(post_to(url));
  context.poll();
  ASSERT_EQ(resolver.open.size(), 1U);
  resolver.open[0]({{boost::asio::ip::make_address("127.0.0.1")}, std::chrono::seconds(60)});
  ASSERT_TRUE(last());
  ASSERT_TRUE(answer_to(post_to(url)));
  EXPECT_EQ(resolver.asked.size(), 1U);
}

TEST_F(ClientTest, QuestionsOfOneTenantAreCappedAndDoNotHoldUpAnother) {
  auto owned =
      std::make_unique<ScriptedResolver>(ScriptedResolver::Table{{"quick.example", {"10.0.0.1"}}});
  auto& resolver = *owned;
  make_client({}, {.lookups_per_key = 2}, std::move(owned));
  for (const char* host : {"a", "b", "c", "d"}) {
    start(post_to("http://" + std::string(host) + ".example/"));
  }
  context.poll();
  EXPECT_EQ(resolver.asked.size(), 2U);

  auto other = post_to("http://quick.example/");
  other.pool_key = "another";
  EXPECT_EQ(name(answer_to(other).error()), "destination_forbidden");

  resolver.open[0]({});
  context.poll();
  EXPECT_EQ(resolver.asked.size(), 4U);
  EXPECT_EQ(resolver.asked.back(), "c.example");
  client->close();
  context.restart();
  context.run();
}

TEST(Resolver, DiesWithQuestionsOpen) {
  boost::asio::io_context context{1};
  int answered = 0;
  auto resolver = make_resolver(context.get_executor(), {});
  resolver->resolve("a-name.invalid", [&](Resolution) { ++answered; });
  resolver.reset();
  EXPECT_EQ(answered, 1);
  context.run();
}

TEST(Resolver, ReadsTheHostsFile) {
  boost::asio::io_context context{1};
  auto resolver = make_resolver(context.get_executor(), {});
  std::vector<boost::asio::ip::address> found;
  resolver->resolve("localhost", [&](Resolution answer) { found = answer.addresses; });
  context.run();
  ASSERT_FALSE(found.empty());
  for (const auto& address : found) EXPECT_TRUE(address.is_loopback()) << address.to_string();
}

}  // namespace
}  // namespace belfry::http
