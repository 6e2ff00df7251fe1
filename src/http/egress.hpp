#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/url.hpp"

namespace belfry::http {

// Which addresses pushes and webhooks may reach (PROMISES 3.1): not the private and reserved
// ranges, not this machine's own addresses (as they were at `make`), not the ports of well-known
// databases and control planes, except what the operator opened as CIDR[:PORT]; and never a port on
// which this process itself listens. 64:ff9b::/96 is judged by the IPv4 address inside. Immutable
// but for close_own_ports: thread-safe.
class EgressPolicy {
 public:
  // Each entry like "10.1.0.0/16", "127.0.0.0/8:9000", "::1/128", "[fd00::/8]:443". Fails with a
  // message that names the entry. Bits beyond the prefix must be zero ("exact networks"). An entry
  // without a port opens every port of its network, those of the deny list too.
  static Result<EgressPolicy> make(const std::vector<std::string>& allow);

  // What this process listens on, at any address of this machine, is closed whatever is opened: who
  // may open a network means its services, not the operators' listener beside them. Known only once
  // it listens; copies share it. Before anybody asks.
  void close_own_ports(std::vector<std::uint16_t> ports) { *own_ports_ = std::move(ports); }

  bool allows(const boost::asio::ip::address& address, std::uint16_t port) const;
  // What can be known at submission: syntax is done, so only literal addresses are judged.
  Result<> check_literal(const Url& url) const;

 private:
  struct Range {
    boost::asio::ip::address network;
    unsigned prefix = 0;
    std::uint16_t port = 0;  // 0: any
  };
  static Result<Range> parse_range(const std::string& entry);
  bool is_own_port(const boost::asio::ip::address& address, std::uint16_t port) const;

  std::vector<Range> allowed_;
  std::vector<boost::asio::ip::address> own_;
  std::shared_ptr<std::vector<std::uint16_t>> own_ports_ =
      std::make_shared<std::vector<std::uint16_t>>();
};

}  // namespace belfry::http
