#pragma once

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "store/commands.hpp"

namespace belfry::store {

// A lease token as it goes over the wire: "<attempt>.<16 hex digits>".
inline std::string to_text(const LeaseToken& token) {
  return fmt::format("{}.{:016x}", token.attempt, static_cast<std::uint64_t>(token.secret));
}

// Exactly what `to_text` writes, or nothing.
inline std::optional<LeaseToken> parse_lease_token(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || text.size() != dot + 17) return std::nullopt;
  LeaseToken token;
  std::uint64_t secret = 0;
  const auto* end = text.data() + text.size();
  const auto attempt = std::from_chars(text.data(), text.data() + dot, token.attempt);
  const auto rest = std::from_chars(text.data() + dot + 1, end, secret, 16);
  if (attempt.ec != std::errc{} || attempt.ptr != text.data() + dot || rest.ec != std::errc{} ||
      rest.ptr != end) {
    return std::nullopt;
  }
  token.secret = static_cast<std::int64_t>(secret);
  if (token.attempt < 1 || token.secret < 1 || to_text(token) != text) return std::nullopt;
  return token;
}

}  // namespace belfry::store
