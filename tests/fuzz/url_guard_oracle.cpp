#include "url_guard_oracle.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

#include "http/url.hpp"

namespace belfry::fuzz {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;  // of what is parsed

namespace ip = boost::asio::ip;
using Bytes = std::vector<std::uint8_t>;

constexpr std::array kRanges = std::to_array<ForbiddenRange>({
    {"0.0.0.0", "0.255.255.255", "0.0.0.0/8"},
    {"10.0.0.0", "10.255.255.255", "10.0.0.0/8"},
    {"100.64.0.0", "100.127.255.255", "100.64.0.0/10"},
    {"127.0.0.0", "127.255.255.255", "127.0.0.0/8"},
    {"169.254.0.0", "169.254.255.255", "169.254.0.0/16"},
    {"172.16.0.0", "172.31.255.255", "172.16.0.0/12"},
    {"192.0.0.0", "192.0.0.255", "192.0.0.0/24"},
    {"192.0.2.0", "192.0.2.255", "192.0.2.0/24"},
    {"192.88.99.0", "192.88.99.255", "192.88.99.0/24"},
    {"192.168.0.0", "192.168.255.255", "192.168.0.0/16"},
    {"198.18.0.0", "198.19.255.255", "198.18.0.0/15"},
    {"198.51.100.0", "198.51.100.255", "198.51.100.0/24"},
    {"203.0.113.0", "203.0.113.255", "203.0.113.0/24"},
    {"224.0.0.0", "239.255.255.255", "224.0.0.0/4"},
    {"240.0.0.0", "255.255.255.255", "240.0.0.0/4"},
    {"168.63.129.16", "168.63.129.16", "168.63.129.16/32"},
    {"::", "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/8"},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:1::/48"},
    {"100::", "100::ffff:ffff:ffff:ffff", "100::/64"},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::/23"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::/16"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::/20"},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::/16"},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::/7"},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::/10"},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::/10"},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::/8"},
});

Bytes parsed(const char* text) {
  const bool v6 = std::string_view(text).find(':') != std::string_view::npos;
  Bytes bytes(v6 ? 16 : 4);
  if (::inet_pton(v6 ? AF_INET6 : AF_INET, text, bytes.data()) != 1) std::abort();
  return bytes;
}

struct Ends {
  Bytes first, last;
};

const std::vector<Ends>& ends() {
  static const std::vector<Ends> all = [] {
    std::vector<Ends> made;
    for (const auto& range : kRanges) made.push_back({parsed(range.first), parsed(range.last)});
    return made;
  }();
  return all;
}

bool between(std::span<const std::uint8_t> address, const Ends& range) {
  return address.size() == range.first.size() &&
         !std::ranges::lexicographical_compare(address, range.first) &&
         !std::ranges::lexicographical_compare(range.last, address);
}

ip::address address_of(std::span<const std::uint8_t> bytes) {
  if (bytes.size() == 4) {
    ip::address_v4::bytes_type four;
    std::ranges::copy(bytes, four.begin());
    return ip::address_v4(four);
  }
  ip::address_v6::bytes_type sixteen;
  std::ranges::copy(bytes, sixteen.begin());
  return ip::address_v6(sixteen);
}

}  // namespace

std::span<const ForbiddenRange> forbidden_ranges() {
  return kRanges;
}

bool is_forbidden(std::span<const std::uint8_t> address) {
  // NAT64: what counts is the IPv4 address that the packet will reach.
  static const Ends nat64{parsed("64:ff9b::"), parsed("64:ff9b::255.255.255.255")};
  if (between(address, nat64)) return is_forbidden(address.subspan(12));
  return std::ranges::any_of(ends(), [&](const Ends& range) { return between(address, range); });
}

Fault judge_address(std::span<const std::uint8_t> address, std::uint16_t port, const Guard& guard) {
  const auto whole = address_of(address);
  if (is_forbidden(address) && guard(whole, port)) {
    return "the guard lets " + whole.to_string() + " through";
  }
  return {};
}

Fault judge_url(std::string_view text, const Guard& guard) {
  const auto url = http::parse_url(text);
  if (!url) return {};
  if (!url->target.starts_with('/')) return "a target without a slash";
  if (url->host.empty() || url->host.find_first_of("@/\\?#%[] \t\r\n") != std::string::npos) {
    return "a host that is none: " + url->host;
  }
  if (url->target.find_first_of(" \t\r\n#") != std::string::npos) return "a torn request line";
  if (url->port != 80 && url->port != 443 && url->port < 1024) return "a low port";
  // The slash that an empty path gets may be the byte too many.
  const auto written = url->origin() + url->target;
  if (written.size() > text.size() && written.size() > kUrlBytesMax) return {};
  const auto again = http::parse_url(written);
  if (!again || again->host != url->host || again->port != url->port || again->tls != url->tls ||
      again->target != url->target) {
    return "what is written does not read as what was parsed: " + written;
  }
  // Whatever the system's own resolver would take for an address must be known as one.
  const bool v6 = url->host.find(':') != std::string::npos;
  Bytes bytes(v6 ? 16 : 4);
  const bool literal = ::inet_pton(v6 ? AF_INET6 : AF_INET, url->host.c_str(), bytes.data()) == 1;
  if (literal != url->literal_address) return "a literal address or not? " + url->host;
  in_addr loose{};
  if (!literal && ::inet_aton(url->host.c_str(), &loose) == 1) {
    return "a host that inet_aton takes for an address: " + url->host;
  }
  return literal ? judge_address(bytes, url->port, guard) : Fault{};
}

Fault judge_url_guard(std::span<const std::uint8_t> input, const Guard& guard) {
  const bool v4 = input.size() == 7 && input[0] == 4;
  const bool v6 = input.size() == 19 && input[0] == 6;
  if (v4 || v6) {
    const auto port = static_cast<std::uint16_t>(input[1] << 8 | input[2]);
    return judge_address(input.subspan(3), port, guard);
  }
  return judge_url({reinterpret_cast<const char*>(input.data()), input.size()}, guard);
}

}  // namespace belfry::fuzz
