#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "fault.hpp"

namespace belfry::fuzz {

using Guard = std::function<bool(const boost::asio::ip::address&, std::uint16_t port)>;

// A range of PROMISES 3.1 by its ends, as text; `cidr` names the same range.
struct ForbiddenRange {
  const char* first;
  const char* last;
  const char* cidr;
};
std::span<const ForbiddenRange> forbidden_ranges();

// Is the address (4 or 16 bytes) in one of them? Judged by comparing whole addresses with the ends
// of the ranges, not by prefixes, as the guard does.
bool is_forbidden(std::span<const std::uint8_t> address);

// The guard lets no forbidden address through.
Fault judge_address(std::span<const std::uint8_t> address, std::uint16_t port, const Guard& guard);
// What is parsed as a URL says the same when parsed again; a literal address is judged as above.
Fault judge_url(std::string_view text, const Guard& guard);
// Any input: the byte 4 or 6, a port and an address; else a URL.
Fault judge_url_guard(std::span<const std::uint8_t> input, const Guard& guard);

}  // namespace belfry::fuzz
