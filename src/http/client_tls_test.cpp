// The client over TLS: certificates are verified against the CA file and the original name.
#include <gtest/gtest.h>

#include "http/tls_identity.hpp"

namespace belfry::http {
namespace {

TEST_F(ClientTest, TlsToATrustedNameIsKeptAlive) {
  const Identity identity("DNS:localhost,IP:127.0.0.1");
  ScriptedPeer peer({{ok("secret")}}, identity.context());
  make_client({"127.0.0.0/8", "::1/128"}, identity.trusted());
  for (const char* host : {"localhost", "localhost", "127.0.0.1"}) {
    const auto answer = answer_to(post_to(tls_url(peer, host)));
    ASSERT_TRUE(answer) << name(answer.error());
    EXPECT_EQ(answer->body, "secret");
  }
  EXPECT_EQ(peer.connections(), 2U);
}

TEST_F(ClientTest, TlsToAnotherNameOrAnUnknownAuthorityFails) {
  const Identity identity("DNS:other.example");
  ScriptedPeer peer({{ok()}}, identity.context());
  make_client({"127.0.0.0/8", "::1/128"}, identity.trusted());
  EXPECT_EQ(name(answer_to(post_to(tls_url(peer, "localhost"))).error()), "tls_failed");
  EXPECT_EQ(name(answer_to(post_to(tls_url(peer, "127.0.0.1"))).error()), "tls_failed");
  const Identity right("DNS:localhost");
  ScriptedPeer unknown({{ok()}}, right.context());
  make_client({"127.0.0.0/8", "::1/128"});
  EXPECT_EQ(name(answer_to(post_to(tls_url(unknown, "localhost"))).error()), "tls_failed");
  EXPECT_TRUE(peer.requests().empty());
  EXPECT_TRUE(unknown.requests().empty());
}

TEST_F(ClientTest, TlsBelow12Fails) {
  const Identity identity("DNS:localhost");
  SSL_CTX_set_max_proto_version(identity.context(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(identity.context(), 0);
  ScriptedPeer peer({{ok()}}, identity.context());
  make_client({"127.0.0.0/8", "::1/128"}, identity.trusted());
  EXPECT_EQ(name(answer_to(post_to(tls_url(peer, "localhost"))).error()), "tls_failed");
}

TEST_F(ClientTest, AMissingAuthorityFileIsTold) {
  ClientOptions options;
  options.extra_ca_file = "/nowhere/ca.pem";
  EXPECT_THROW(make_client({}, options), std::runtime_error);
}

}  // namespace
}  // namespace belfry::http
