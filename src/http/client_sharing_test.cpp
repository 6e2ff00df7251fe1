// Which calls share a kept connection: those whose tenant, scheme, host, port and address are the
// same. TenantsDoNotShareConnections (client_test.cpp) is about the tenant.
#include <gtest/gtest.h>

#include "http/tls_identity.hpp"

namespace belfry::http {
namespace {

using Addresses = std::vector<std::string>;

std::string body_of(const Answer& answer) {
  return answer ? answer->body : std::string(name(answer.error()));
}

// Gives a name other addresses from one question to the next.
class MovingResolver final : public Resolver {
 public:
  explicit MovingResolver(Addresses addresses) : addresses_(std::move(addresses)) {}

  void resolve(const std::string&, Done done) override {
    Resolution answer;
    answer.addresses = {boost::asio::ip::make_address(addresses_.at(asked++))};
    done(std::move(answer));
  }
  std::size_t asked = 0;

 private:
  Addresses addresses_;
};

TEST_F(ClientTest, PortsDoNotShareConnections) {
  ScriptedPeer one({{ok("one")}}), two({{ok("two")}});
  make_client();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(body_of(answer_to(post_to(url_of(one)))), "one");
    EXPECT_EQ(body_of(answer_to(post_to(url_of(two)))), "two");
  }
  EXPECT_EQ(one.connections(), 1U) << "each port keeps its own";
  EXPECT_EQ(two.connections(), 1U);
}

TEST_F(ClientTest, HostsOfOneAddressDoNotShareConnections) {
  ScriptedPeer peer({{ok()}});
  const ScriptedResolver::Table table = {{"one.example", {"127.0.0.1"}},
                                         {"two.example", {"127.0.0.1"}}};
  make_client({"127.0.0.0/8"}, {}, std::make_unique<ScriptedResolver>(table));
  const auto url = [&](const std::string& host) {
    return "http://" + host + ":" + std::to_string(peer.port()) + "/";
  };
  for (int round = 0; round < 2; ++round) {
    for (const auto* host : {"one.example", "two.example", "127.0.0.1"}) {
      EXPECT_EQ(body_of(answer_to(post_to(url(host)))), "ok") << host;
    }
  }
  EXPECT_EQ(peer.connections(), 3U);
}

TEST_F(ClientTest, AConnectionToAnAddressThatANameHasLeftIsNotUsed) {
  ScriptedPeer peer({{ok()}});
  auto owned = std::make_unique<MovingResolver>(Addresses{"127.0.0.1", "127.0.0.2"});
  const auto& resolver = *owned;
  make_client({"127.0.0.0/8"}, {}, std::move(owned));
  std::size_t answered = 0;
  std::string last;
  // The name is looked up again once its first answer is old.
  do {
    const auto url = "http://moving.example:" + std::to_string(peer.port()) + "/";
    last = body_of(answer_to(post_to(url)));
    answered += last == "ok" ? 1 : 0;
  } while (resolver.asked < 2);
  EXPECT_EQ(last, "connect_failed") << "nobody listens at its new address";
  EXPECT_EQ(peer.requests().size(), answered);
  EXPECT_EQ(peer.connections(), 1U);
}

TEST_F(ClientTest, APlainCallDoesNotUseAConnectionUnderTls) {
  const Identity identity("IP:127.0.0.1");
  ScriptedPeer peer({{ok("secret")}}, identity.context());
  make_client({"127.0.0.0/8"}, identity.trusted());
  EXPECT_EQ(body_of(answer_to(post_to(tls_url(peer, "127.0.0.1")))), "secret");
  ASSERT_EQ(client->idle_connections(), 1U);
  EXPECT_FALSE(answer_to(post_to(url_of(peer))));
  EXPECT_EQ(peer.requests().size(), 1U);
}

TEST_F(ClientTest, ACallUnderTlsDoesNotUseAPlainConnection) {
  ScriptedPeer peer({{ok("plain")}});
  make_client();
  EXPECT_EQ(body_of(answer_to(post_to(url_of(peer)))), "plain");
  ASSERT_EQ(client->idle_connections(), 1U);
  auto request = post_to(tls_url(peer, "127.0.0.1"));
  request.timeout = std::chrono::milliseconds(50);  // the peer waits for the end of a request
  EXPECT_FALSE(answer_to(request));
  EXPECT_EQ(peer.requests().size(), 1U);
}

}  // namespace
}  // namespace belfry::http
