// URLs and addresses: what is parsed says the same when parsed again, and no literal address that
// passes the guard lies in a forbidden range.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "http/egress.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto policy = *belfry::http::EgressPolicy::make({});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = belfry::http::parse_url(text);
  if (!url) return 0;
  CHECK(url->target.starts_with('/'));
  CHECK(url->host.find_first_of("@/\\?#%[] \t\r\n") == std::string::npos);
  CHECK(url->port == 80 || url->port == 443 || url->port >= 1024);
  const auto again = belfry::http::parse_url(url->origin() + url->target);
  CHECK(again && again->host == url->host && again->port == url->port && again->tls == url->tls &&
        again->target == url->target);
  if (!url->literal_address || !policy.check_literal(*url)) return 0;
  const auto address = boost::asio::ip::make_address(url->host);
  CHECK(!address.is_loopback() && !address.is_unspecified() && !address.is_multicast());
  if (address.is_v4()) {
    const auto top = address.to_v4().to_bytes()[0];
    CHECK(top != 0 && top != 10 && top != 127 && top < 224);
  } else {
    CHECK(!address.to_v6().is_link_local() && !address.to_v6().is_site_local());
    CHECK((address.to_v6().to_bytes()[0] & 0xfe) != 0xfc);
  }
  return 0;
}
