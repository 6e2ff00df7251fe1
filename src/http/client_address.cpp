#include "http/client_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>
#include <optional>

namespace belfry::http {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view kBlanks = " \t";

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return plain_address(address);
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Proxies write "192.0.2.1", "192.0.2.1:4711", "2001:db8::1" and "[2001:db8::1]:4711".
std::optional<ip::address> parse_forwarded(std::string_view entry) {
  entry = trim(entry);
  if (entry.starts_with('[')) {
    const auto end = entry.find(']');
    if (end == entry.npos) return std::nullopt;
    return parse_address(entry.substr(1, end - 1));
  }
  if (std::ranges::count(entry, ':') == 1) entry = entry.substr(0, entry.find(':'));
  return parse_address(entry);
}

bool in_network(const ip::address& address, const ip::address& network, unsigned prefix) {
  if (address.is_v4() != network.is_v4()) return false;
  const auto bits = static_cast<unsigned short>(prefix);
  if (address.is_v4()) {
    return ip::network_v4(address.to_v4(), bits).network() == network.to_v4();
  }
  return ip::network_v6(address.to_v6(), bits).network() == network.to_v6();
}

}  // namespace

ip::address plain_address(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::string address_unit(const ip::address& address) {
  const auto plain = plain_address(address);
  if (plain.is_v4()) return plain.to_string();
  auto bytes = plain.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return ip::address_v6(bytes).to_string() + "/64";
}

Result<TrustedProxies::Network> TrustedProxies::parse(const std::string& entry) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::validation_failed, fmt::format("\"{}\" {}", entry, why));
  };
  const auto slash = std::min(entry.find('/'), entry.size());
  const auto address = parse_address(entry.substr(0, slash));
  if (!address || (address->is_v6() && address->to_v6().scope_id() != 0)) {
    return wrong("must be an address or a network like 10.1.0.0/16 or fd00::/8");
  }
  const unsigned most = address->is_v4() ? 32 : 128;
  unsigned prefix = most;
  if (slash != entry.size()) {
    const auto digits = std::string_view(entry).substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() ||
        prefix > most) {
      return wrong(fmt::format("must end with a prefix length from 0 to {}", most));
    }
  }
  if (!in_network(*address, *address, prefix)) return wrong("has bits set beyond its prefix");
  return Network{*address, prefix};
}

Result<TrustedProxies> TrustedProxies::make(const std::vector<std::string>& entries) {
  TrustedProxies proxies;
  for (const auto& entry : entries) {
    auto network = parse(entry);
    if (!network) return fail(std::move(network.error()));
    proxies.networks_.push_back(*network);
  }
  return proxies;
}

bool TrustedProxies::contains(const ip::address& address) const {
  const auto plain = plain_address(address);
  return std::ranges::any_of(networks_, [&](const Network& network) {
    return in_network(plain, network.address, network.prefix);
  });
}

ip::address TrustedProxies::client(const ip::address& peer, const Headers& headers) const {
  auto found = plain_address(peer);
  const auto& fields = headers.fields();
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (!same_field_name(field->first, "X-Forwarded-For")) continue;
    std::string_view list = field->second;
    for (bool more = true; more;) {
      if (!contains(found)) return found;
      const auto comma = list.rfind(',');
      more = comma != list.npos;
      const auto entry = parse_forwarded(more ? list.substr(comma + 1) : list);
      if (!entry) return found;
      found = *entry;
      list = list.substr(0, more ? comma : 0);
    }
  }
  return found;
}

}  // namespace belfry::http
