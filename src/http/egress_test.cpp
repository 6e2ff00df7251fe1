#include "http/egress.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>

#include <string>
#include <vector>

namespace belfry::http {
namespace {

namespace ip = boost::asio::ip;

EgressPolicy policy(const std::vector<std::string>& allow = {}) {
  auto made = EgressPolicy::make(allow);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

std::vector<ip::address_v4> own_addresses_v4() {
  std::vector<ip::address_v4> found;
  ifaddrs* list = nullptr;
  EXPECT_EQ(getifaddrs(&list), 0);
  for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    const auto* at = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
    found.emplace_back(ntohl(at->sin_addr.s_addr));
  }
  freeifaddrs(list);
  return found;
}

TEST(Egress, ForbidsEveryReservedRangeAtBothEnds) {
  const auto guard = policy();
  for (const char* address : {"0.0.0.0",
                              "0.255.255.255",
                              "10.0.0.0",
                              "10.255.255.255",
                              "100.64.0.0",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.255",
                              "169.254.0.0",
                              "169.254.169.254",
                              "169.254.255.255",
                              "172.16.0.0",
                              "172.31.255.255",
                              "192.0.0.0",
                              "192.0.0.255",
                              "192.0.2.0",
                              "192.0.2.255",
                              "192.88.99.0",
                              "192.88.99.255",
                              "192.168.0.0",
                              "192.168.255.255",
                              "198.18.0.0",
                              "198.19.255.255",
                              "198.51.100.0",
                              "198.51.100.255",
                              "203.0.113.0",
                              "203.0.113.255",
                              "224.0.0.0",
                              "239.255.255.255",
                              "240.0.0.0",
                              "255.255.255.255",
                              "168.63.129.16",
                              "::",
                              "::1",
                              "::ffff:8.8.8.8",
                              "::ffff:127.0.0.1",
                              "::8.8.8.8",
                              "::ffff:0:8.8.8.8",
                              "00ff:ffff::1",
                              "64:ff9b::127.0.0.1",
                              "64:ff9b::10.0.0.1",
                              "64:ff9b:1::8.8.8.8",
                              "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
                              "64:ff9b::1:8.8.8.8",
                              "100::",
                              "100::ffff:ffff:ffff:ffff",
                              "2001::",
                              "2001:1ff:ffff::1",
                              "2001:db8::1",
                              "2001:db8:ffff::1",
                              "2002::1",
                              "2002:0808:0808::1",
                              "3fff::1",
                              "3fff:fff:ffff::1",
                              "5f00::1",
                              "5f00:ffff::1",
                              "fc00::1",
                              "fdff:ffff::1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "feff::1",
                              "ff00::1",
                              "ff02::1",
                              "ffff::1"}) {
    EXPECT_FALSE(guard.allows(ip::make_address(address), 443)) << address;
  }
}

TEST(Egress, AllowsTheirPublicNeighbours) {
  const auto guard = policy();
  for (const char* address : {"1.0.0.0",
                              "8.8.8.8",
                              "9.255.255.255",
                              "11.0.0.0",
                              "100.63.255.255",
                              "100.128.0.0",
                              "126.255.255.255",
                              "128.0.0.0",
                              "169.253.255.255",
                              "169.255.0.0",
                              "172.15.255.255",
                              "172.32.0.0",
                              "191.255.255.255",
                              "192.0.1.0",
                              "192.0.3.0",
                              "192.88.98.255",
                              "192.88.100.0",
                              "192.167.255.255",
                              "192.169.0.0",
                              "198.17.255.255",
                              "198.20.0.0",
                              "198.51.99.255",
                              "198.51.101.0",
                              "203.0.112.255",
                              "203.0.114.0",
                              "223.255.255.255",
                              "168.63.129.15",
                              "168.63.129.17",
                              "64:ff9b::8.8.8.8",
                              "2001:200::1",
                              "2001:4860:4860::8888",
                              "2001:db7::1",
                              "2001:db9::1",
                              "2003::1",
                              "2606:4700::1",
                              "3ffe::1",
                              "3fff:1000::1",
                              "5eff::1",
                              "5f01::1",
                              "100:0:0:1::1",
                              "fbff::1"}) {
    EXPECT_TRUE(guard.allows(ip::make_address(address), 443)) << address;
  }
}

TEST(Egress, ForbidsEveryAddressOfThisMachine) {
  const auto guard = policy();
  const auto all = own_addresses_v4();
  for (const auto& own : all) EXPECT_FALSE(guard.allows(own, 443)) << own.to_string();
  EXPECT_FALSE(all.empty());
}

// The client has its copy by the time the ports are known.
TEST(Egress, NothingOpensWhatThisProcessListensOn) {
  auto guard = policy({"0.0.0.0/0", "::/0"});
  const auto copy = guard;
  guard.close_own_ports({8080, 9464});
  const auto host = ip::make_address_v4("203.0.113.9");
  const auto all = own_addresses_v4();
  ASSERT_FALSE(all.empty());
  std::vector<ip::address> own(all.begin(), all.end());
  own.push_back(ip::make_address_v6(ip::v4_mapped, all.front()));
  for (const char* one : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1"}) {
    own.push_back(ip::make_address(one));
  }
  for (const auto& address : own) {
    EXPECT_FALSE(copy.allows(address, 8080)) << address.to_string();
    EXPECT_FALSE(copy.allows(address, 9464)) << address.to_string();
    EXPECT_TRUE(copy.allows(address, 8081)) << address.to_string();
  }
  EXPECT_TRUE(copy.allows(host, 8080)) << "another machine's";
  const auto refused = copy.check_literal(*parse_url("http://127.0.0.1:9464/metrics"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::destination_forbidden);
}

TEST(Egress, TheAllowListOpensExactlyWhatItSays) {
  const auto guard = policy({"127.0.0.0/8:9000", "10.1.0.0/16", "[fd00::/8]:8443", "::1/128"});
  const auto allowed = [&](const char* address, std::uint16_t port) {
    return guard.allows(ip::make_address(address), port);
  };
  EXPECT_TRUE(allowed("127.0.0.1", 9000));
  EXPECT_FALSE(allowed("127.0.0.1", 9001));
  EXPECT_FALSE(allowed("::ffff:127.0.0.1", 9000));
  EXPECT_TRUE(allowed("10.1.2.3", 80));
  EXPECT_FALSE(allowed("10.2.0.0", 80));
  EXPECT_TRUE(allowed("fd12::1", 8443));
  EXPECT_FALSE(allowed("fd12::1", 443));
  EXPECT_FALSE(allowed("fc12::1", 8443));
  EXPECT_TRUE(allowed("::1", 8081));
  EXPECT_FALSE(allowed("::2", 8081));
}

TEST(Egress, AnEntryOfEverythingOpensEverything) {
  const auto guard = policy({"0.0.0.0/0", "::/0"});
  EXPECT_TRUE(guard.allows(ip::make_address("127.0.0.1"), 6379));
  EXPECT_TRUE(guard.allows(ip::make_address("169.254.169.254"), 80));
  EXPECT_TRUE(guard.allows(ip::make_address("::1"), 80));
}

TEST(Egress, WellKnownServicePortsAreClosedUnlessOpened) {
  const auto guard = policy();
  const auto opened = policy({"8.8.8.8/32:6379", "10.0.0.0/8"});
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{
           2375, 2379, 2380, 3306, 5432, 5984, 6379, 6443, 9200, 10250, 11211, 27017}) {
    EXPECT_FALSE(guard.allows(ip::make_address("8.8.8.8"), port)) << port;
    EXPECT_FALSE(guard.allows(ip::make_address("64:ff9b::8.8.8.8"), port)) << port;
    EXPECT_EQ(opened.allows(ip::make_address("8.8.8.8"), port), port == 6379) << port;
    EXPECT_TRUE(opened.allows(ip::make_address("10.0.0.1"), port)) << port;
  }
  EXPECT_TRUE(guard.allows(ip::make_address("8.8.8.8"), 8080));
}

TEST(Egress, RefusesBadEntriesByName) {
  for (const char* entry : {"",
                            "10.0.0.0",
                            "10.0.0.0/",
                            "10.0.0.0/33",
                            "10.0.0.0/-1",
                            "10.0.0.0/08",
                            "10.0.0.1/8",
                            "10.0.0/8",
                            "::/129",
                            "fd00::1/8",
                            "example.com/8",
                            "10.0.0.0/8:",
                            "10.0.0.0/8:0",
                            "10.0.0.0/8:65536",
                            "10.0.0.0/8:x",
                            "[fd00::/8]",
                            "[fd00::/8]:",
                            "[fd00::/8:80",
                            "fe80::%eth0/10",
                            " 10.0.0.0/8",
                            "10.0.0.0/8 ",
                            "0x0a.0.0.0/8",
                            "*"}) {
    const auto made = EgressPolicy::make({"10.0.0.0/8", entry});
    ASSERT_FALSE(made) << entry;
    EXPECT_NE(made.error().message.find("'" + std::string(entry) + "'"), std::string::npos);
  }
}

TEST(Egress, JudgesLiteralsAtSubmission) {
  const auto guard = policy();
  EXPECT_TRUE(guard.check_literal(*parse_url("http://localhost:8080/")));
  EXPECT_TRUE(guard.check_literal(*parse_url("http://8.8.8.8/")));
  const auto refused = guard.check_literal(*parse_url("http://127.0.0.1:8080/"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::destination_forbidden);
  EXPECT_FALSE(guard.check_literal(*parse_url("http://[::1]:8080/")));
  EXPECT_FALSE(guard.check_literal(*parse_url("http://[::ffff:10.0.0.1]/")));
}

}  // namespace
}  // namespace belfry::http
