#include "options/values.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace belfry::options {

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min,
                                         std::int64_t max) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

std::optional<ListenAddress> listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = whole_number(text.substr(colon + 1), 0, 65'535);
  if (!port) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::optional<LogLevel> log_level(std::string_view text) {
  struct Named {
    std::string_view name;
    LogLevel level;
  };
  constexpr std::array kLevels = {Named{"debug", LogLevel::debug}, Named{"info", LogLevel::info},
                                  Named{"warn", LogLevel::warn}, Named{"error", LogLevel::error},
                                  Named{"off", LogLevel::off}};
  for (const auto& [name, level] : kLevels) {
    if (name == text) return level;
  }
  return std::nullopt;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.find_first_of("/:") == std::string_view::npos;
}

std::string url_of(const ListenAddress& at, std::uint16_t port, bool tls) {
  const bool v6 = at.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", tls ? "https" : "http", v6 ? "[" : "", at.host,
                     v6 ? "]" : "", port);
}

}  // namespace belfry::options
