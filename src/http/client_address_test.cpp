#include "http/client_address.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

boost::asio::ip::address at(const std::string& text) {
  return boost::asio::ip::make_address(text);
}

TrustedProxies trusted(const std::vector<std::string>& entries) {
  auto proxies = TrustedProxies::make(entries);
  EXPECT_TRUE(proxies.has_value()) << (proxies ? "" : proxies.error().message);
  return proxies.value_or(TrustedProxies());
}

std::string client(const TrustedProxies& proxies, const std::string& peer,
                   const std::vector<std::string>& forwarded) {
  Headers headers;
  for (const auto& value : forwarded) headers.add("x-forwarded-FOR", value);
  return proxies.client(at(peer), headers).to_string();
}

TEST(ClientAddress, NobodyIsTrustedUnlessNamed) {
  EXPECT_EQ(client({}, "127.0.0.1", {"192.0.2.7"}), "127.0.0.1");
  EXPECT_EQ(client(trusted({"10.0.0.1"}), "10.0.0.2", {"192.0.2.7"}), "10.0.0.2");
}

TEST(ClientAddress, ATrustedProxyNamesTheClient) {
  const auto proxies = trusted({"10.0.0.1", "fd00::/8"});
  EXPECT_EQ(client(proxies, "10.0.0.1", {"192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(client(proxies, "::ffff:10.0.0.1", {"192.0.2.7:4711"}), "192.0.2.7");
  EXPECT_EQ(client(proxies, "fd12::1", {"[2001:db8::1]:443"}), "2001:db8::1");
  EXPECT_EQ(client(proxies, "fd12::1", {"2001:db8::1"}), "2001:db8::1");
  EXPECT_EQ(client(proxies, "fd12::1", {"::ffff:192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(client(proxies, "10.0.0.1", {}), "10.0.0.1");
}

TEST(ClientAddress, TheRightmostUntrustedAddressCounts) {
  const auto proxies = trusted({"10.0.0.0/24"});
  // The client wrote the first address itself.
  EXPECT_EQ(client(proxies, "10.0.0.1", {"203.0.113.1, 192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(client(proxies, "10.0.0.1", {"203.0.113.1,192.0.2.7 , 10.0.0.2"}), "192.0.2.7");
  EXPECT_EQ(client(proxies, "10.0.0.1", {"203.0.113.1", "192.0.2.7, 10.0.0.2"}), "192.0.2.7");
  EXPECT_EQ(client(proxies, "10.0.0.1", {"10.0.0.3, 10.0.0.2"}), "10.0.0.3");
}

TEST(ClientAddress, WhatIsNoAddressEndsTheSearch) {
  const auto proxies = trusted({"10.0.0.0/24"});
  for (const auto* bad : {"unknown", "", "_hidden", "192.0.2.7:1:2", "[2001:db8::1", "1.2.3"}) {
    EXPECT_EQ(client(proxies, "10.0.0.1", {std::string("192.0.2.7, ") + bad}), "10.0.0.1") << bad;
    EXPECT_EQ(client(proxies, "10.0.0.1", {std::string("192.0.2.7, ") + bad + ", 10.0.0.2"}),
              "10.0.0.2")
        << bad;
  }
}

TEST(ClientAddress, EntriesAreExactNetworks) {
  for (const auto* bad : {"", "10.0.0.1/33", "10.0.0.1/8", "fd00::1/8", "fd00::/129", "proxy",
                          "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "fe80::1%1"}) {
    EXPECT_FALSE(TrustedProxies::make({"10.0.0.1", bad}).has_value()) << bad;
  }
  EXPECT_TRUE(trusted({"0.0.0.0/0"}).contains(at("192.0.2.7")));
  EXPECT_FALSE(trusted({"0.0.0.0/0"}).contains(at("2001:db8::1")));
  EXPECT_FALSE(trusted({"10.0.0.0/24"}).contains(at("10.0.1.0")));
}

TEST(ClientAddress, LimitsCountByAddressAndByTheSlash64) {
  EXPECT_EQ(address_unit(at("192.0.2.7")), "192.0.2.7");
  EXPECT_EQ(address_unit(at("::ffff:192.0.2.7")), "192.0.2.7");
  EXPECT_EQ(address_unit(at("2001:db8:0:1:2:3:4:5")), "2001:db8:0:1::/64");
  EXPECT_EQ(address_unit(at("2001:db8:0:1:ffff::")), address_unit(at("2001:db8:0:1::1")));
  EXPECT_NE(address_unit(at("2001:db8:0:2::1")), address_unit(at("2001:db8:0:1::1")));
}

}  // namespace
}  // namespace belfry::http
