#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"

// What options are written as. Each is nothing for text that is not of its form.
namespace belfry::options {

struct ListenAddress {
  std::string host = "127.0.0.1";  // literal IPv4 or IPv6 address
  std::uint16_t port = 0;          // 0: any free one
};

inline constexpr std::string_view kListenForm =
    "must be ADDRESS:PORT with a literal address, for example 127.0.0.1:8080 or [::1]:8080";
inline constexpr std::string_view kLogLevelForm = "must be debug, info, warn, error or off";
inline constexpr std::string_view kHostForm = "must be a bare host name, without scheme and port";

std::optional<ListenAddress> listen_address(std::string_view text);
inline constexpr std::size_t kMiB = std::size_t{1024} * 1024;

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min, std::int64_t max);
std::optional<LogLevel> log_level(std::string_view text);
bool is_host_name(std::string_view text);

// "http://127.0.0.1:8080" of an address and the port that it got.
std::string url_of(const ListenAddress& at, std::uint16_t port, bool tls);

}  // namespace belfry::options
