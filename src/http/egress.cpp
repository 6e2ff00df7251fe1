#include "http/egress.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>
#include <memory>
#include <span>
#include <system_error>

namespace belfry::http {
namespace {

namespace ip = boost::asio::ip;

struct Prefix4 {
  std::uint32_t network;
  unsigned bits;
};

struct Prefix6 {
  std::array<std::uint8_t, 8> head;  // no forbidden prefix is longer than 64 bits
  unsigned bits;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24U | b << 16U | c << 8U | d;
}

// PROMISES 3.1, in its order.
constexpr std::array kForbidden4 = {
    Prefix4{v4(0, 0, 0, 0), 8},      Prefix4{v4(10, 0, 0, 0), 8},
    Prefix4{v4(100, 64, 0, 0), 10},  Prefix4{v4(127, 0, 0, 0), 8},
    Prefix4{v4(169, 254, 0, 0), 16}, Prefix4{v4(172, 16, 0, 0), 12},
    Prefix4{v4(192, 0, 0, 0), 24},   Prefix4{v4(192, 0, 2, 0), 24},
    Prefix4{v4(192, 88, 99, 0), 24}, Prefix4{v4(192, 168, 0, 0), 16},
    Prefix4{v4(198, 18, 0, 0), 15},  Prefix4{v4(198, 51, 100, 0), 24},
    Prefix4{v4(203, 0, 113, 0), 24}, Prefix4{v4(224, 0, 0, 0), 4},
    Prefix4{v4(240, 0, 0, 0), 4},    Prefix4{v4(168, 63, 129, 16), 32},
};

constexpr std::array kForbidden6 = {
    Prefix6{{0x00}, 8},
    Prefix6{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48},
    Prefix6{{0x01, 0x00}, 64},
    Prefix6{{0x20, 0x01, 0x00}, 23},
    Prefix6{{0x20, 0x01, 0x0d, 0xb8}, 32},
    Prefix6{{0x20, 0x02}, 16},
    Prefix6{{0x3f, 0xff, 0x00}, 20},
    Prefix6{{0x5f, 0x00}, 16},
    Prefix6{{0xfc}, 7},
    Prefix6{{0xfe, 0x80}, 10},
    Prefix6{{0xfe, 0xc0}, 10},
    Prefix6{{0xff}, 8},
};

constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b};

// Databases, caches, queues and control planes that trust whoever reaches them.
constexpr std::array<std::uint16_t, 31> kDeniedPorts = {
    1433, 1521, 2049, 2181,  2375,  2376,  2377,  2379,  2380, 3306, 3389,
    4369, 5432, 5672, 5984,  6379,  6443,  8086,  8500,  8600, 9042, 9092,
    9160, 9200, 9300, 10250, 10255, 11211, 25672, 26379, 27017};

// True if the first `bits` bits agree.
bool same_prefix(std::span<const std::uint8_t> left, std::span<const std::uint8_t> right,
                 unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  return (left[whole] ^ right[whole]) >> (8U - rest) == 0;
}

bool forbidden_range(const ip::address_v4& address) {
  return std::ranges::any_of(kForbidden4, [value = address.to_uint()](const Prefix4& range) {
    return (value ^ range.network) >> (32U - range.bits) == 0;
  });
}

bool forbidden_range(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  return std::ranges::any_of(kForbidden6, [&](const Prefix6& range) {
    return same_prefix(bytes, range.head, range.bits);
  });
}

bool in_network(const ip::address& address, const ip::address& network, unsigned prefix) {
  if (address.is_v4() != network.is_v4()) return false;
  if (address.is_v4()) {
    return same_prefix(address.to_v4().to_bytes(), network.to_v4().to_bytes(), prefix);
  }
  return same_prefix(address.to_v6().to_bytes(), network.to_v6().to_bytes(), prefix);
}

bool has_zero_tail(const ip::address& network, unsigned prefix) {
  if (network.is_v4())
    return ip::network_v4(network.to_v4(), static_cast<unsigned short>(prefix))
               .canonical()
               .address() == network.to_v4();
  return ip::network_v6(network.to_v6(), static_cast<unsigned short>(prefix))
             .canonical()
             .address() == network.to_v6();
}

std::vector<ip::address> own_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot list this machine's addresses");
  }
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::vector<ip::address> found;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) {
      const auto* socket = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
      found.emplace_back(ip::address_v4(ntohl(socket->sin_addr.s_addr)));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto* socket = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      ip::address_v6::bytes_type bytes;
      std::copy_n(socket->sin6_addr.s6_addr, bytes.size(), bytes.begin());
      found.emplace_back(ip::address_v6(bytes));
    }
  }
  return found;
}

template <class Number>
bool read_number(std::string_view text, Number& value) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Result<EgressPolicy::Range> EgressPolicy::parse_range(const std::string& entry) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::validation_failed,
                fmt::format("egress allow-list entry '{}': {}", entry, why));
  };
  std::string_view cidr = entry;
  std::string_view port;
  if (cidr.starts_with('[')) {
    const auto close = cidr.find("]:");
    if (close == std::string_view::npos) return bad("expected [ADDRESS/PREFIX]:PORT");
    port = cidr.substr(close + 2);
    cidr = cidr.substr(1, close - 1);
    if (port.empty()) return bad("the port is missing");
  } else if (const auto colon = cidr.find(':');
             colon != std::string_view::npos &&
             cidr.find(':', colon + 1) == std::string_view::npos) {
    port = cidr.substr(colon + 1);
    cidr = cidr.substr(0, colon);
    if (port.empty()) return bad("the port is missing");
  }
  Range range;
  if (!port.empty() && (!read_number(port, range.port) || range.port == 0)) {
    return bad("the port must be a number from 1 to 65535");
  }
  const auto slash = cidr.find('/');
  if (slash == std::string_view::npos) return bad("expected ADDRESS/PREFIX, as in 10.1.0.0/16");
  const std::string address(cidr.substr(0, slash));
  boost::system::error_code failed;
  range.network = ip::make_address(address, failed);
  if (failed || address.find('%') != std::string::npos) return bad("not an IP address");
  const unsigned longest = range.network.is_v4() ? 32 : 128;
  if (!read_number(cidr.substr(slash + 1), range.prefix) || range.prefix > longest) {
    return bad(fmt::format("the prefix length must be a number from 0 to {}", longest));
  }
  if (!has_zero_tail(range.network, range.prefix)) {
    return bad("the address has bits set beyond the prefix");
  }
  return range;
}

Result<EgressPolicy> EgressPolicy::make(const std::vector<std::string>& allow) {
  EgressPolicy policy;
  policy.own_ = own_addresses();
  for (const auto& entry : allow) {
    auto range = parse_range(entry);
    if (!range) return std::unexpected(std::move(range.error()));
    policy.allowed_.push_back(*range);
  }
  return policy;
}

// A connection to the unspecified address, or to an IPv4 one written as IPv6, arrives here too.
bool EgressPolicy::is_own_port(const ip::address& address, std::uint16_t port) const {
  if (std::ranges::find(*own_ports_, port) == own_ports_->end()) return false;
  if (address.is_loopback() || address.is_unspecified()) return true;
  if (address.is_v4()) return std::ranges::find(own_, address) != own_.end();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return is_own_port(ip::make_address_v4(ip::v4_mapped, v6), port);
  return std::ranges::find(own_, ip::address(ip::address_v6(v6.to_bytes()))) != own_.end();
}

bool EgressPolicy::allows(const ip::address& address, std::uint16_t port) const {
  if (is_own_port(address, port)) return false;
  for (const auto& range : allowed_) {
    if ((range.port == 0 || range.port == port) &&
        in_network(address, range.network, range.prefix)) {
      return true;
    }
  }
  if (std::ranges::find(kDeniedPorts, port) != kDeniedPorts.end()) return false;
  if (address.is_v4()) {
    if (forbidden_range(address.to_v4())) return false;
  } else {
    // A zone would make an own address compare unequal below.
    const auto bytes = address.to_v6().to_bytes();
    if (same_prefix(bytes, kNat64, 96)) {
      return allows(ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]}), port);
    }
    if (forbidden_range(address.to_v6())) return false;
    const ip::address plain = ip::address_v6(bytes);
    return std::ranges::find(own_, plain) == own_.end();
  }
  return std::ranges::find(own_, address) == own_.end();
}

Result<> EgressPolicy::check_literal(const Url& url) const {
  if (!url.literal_address) return {};
  boost::system::error_code failed;
  const auto address = ip::make_address(url.host, failed);
  if (!failed && allows(address, url.port)) return {};
  if (!failed && is_own_port(address, url.port)) {
    return fail(ErrorCode::destination_forbidden,
                "this service itself listens at this address and port; it calls others only");
  }
  return fail(ErrorCode::destination_forbidden,
              "the address is private, reserved or not open to this service; the operator may "
              "allow it with --egress-allow");
}

}  // namespace belfry::http
