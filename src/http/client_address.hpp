#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/message.hpp"

namespace belfry::http {

// An IPv4 address in its IPv6 form ("::ffff:192.0.2.1") as the IPv4 address, all others unchanged.
boost::asio::ip::address plain_address(const boost::asio::ip::address& address);

// What limits per address count by: an IPv4 address itself, and the /64 network of an IPv6 address,
// because one host may use all addresses of its /64 ("2001:db8:0:1::/64").
std::string address_unit(const boost::asio::ip::address& address);

// The proxies whose X-Forwarded-For is believed. Immutable, thread-safe.
class TrustedProxies {
 public:
  // Each entry is an address or a network, like "10.1.2.3", "10.1.0.0/16" or "fd00::/8". Fails with
  // a message that names the entry. Bits beyond the prefix must be zero.
  static Result<TrustedProxies> make(const std::vector<std::string>& entries);

  bool contains(const boost::asio::ip::address& address) const;
  // Who sent a request that came from `peer`: `peer` itself unless it is a trusted proxy, otherwise
  // the rightmost address of X-Forwarded-For that is no trusted proxy. Everything to the left of
  // that address could have been written by the client. An entry that is no address ends the search
  // at the trusted proxy that reported it.
  boost::asio::ip::address client(const boost::asio::ip::address& peer,
                                  const Headers& headers) const;

 private:
  struct Network {
    boost::asio::ip::address address;
    unsigned prefix = 0;
  };
  static Result<Network> parse(const std::string& entry);

  std::vector<Network> networks_;
};

}  // namespace belfry::http
