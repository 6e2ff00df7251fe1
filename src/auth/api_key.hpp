#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

// API keys: a readable prefix, 160 random bits and a checksum (GitHub's scheme), so that secret
// scanners recognise a leaked key and a typo is caught without a look-up.
namespace belfry::auth {

enum class KeyKind { tenant, operator_ };

// "bfk_" (tenants) or "bfo_" (the operator), 27 base62 digits of randomness, 6 of CRC-32.
inline constexpr std::size_t kApiKeyLength = 37;

Secret generate_api_key(KeyKind kind);
// The kind of a well-formed key; unauthenticated with a clear message for anything else.
Result<KeyKind> check_format(std::string_view key);
// SHA-256, 32 raw bytes: what is stored and compared. (160 random bits need no slow hash.)
std::string hash_api_key(std::string_view key);
// The first 8 characters, to recognise a key by.
std::string display_prefix(std::string_view key);

}  // namespace belfry::auth
