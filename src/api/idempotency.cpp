#include "api/idempotency.hpp"

#include <sodium/crypto_hash_sha256.h>

#include <algorithm>
#include <array>

#include "domain/limits.hpp"

namespace belfry::api {
namespace {

Error bad_key() {
  return Error{ErrorCode::malformed_request,
               "Idempotency-Key must be 1 to 255 printable ASCII characters, bare or quoted, once",
               {{"Idempotency-Key", "malformed"}}};
}

std::string fingerprint(const http::Request& request) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  const auto feed = [&](std::string_view text) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(text.data()),
                              text.size());
  };
  feed(http::name(request.method));
  feed(" ");
  feed(request.path);
  feed("\n");
  feed(request.body);
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256_final(&state, hash.data());
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// RFC 8941 section 3.3.3: backslash escapes only a quote or a backslash.
std::optional<std::string> unquote(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return std::nullopt;
    if (text[i] == '\\') {
      if (++i == text.size() || (text[i] != '"' && text[i] != '\\')) return std::nullopt;
    }
    out += text[i];
  }
  return out;
}

}  // namespace

Result<std::optional<store::IdempotencyKey>> idempotency_key(const http::Request& request) {
  const auto count = request.headers.count("Idempotency-Key");
  if (count == 0) return std::optional<store::IdempotencyKey>{};
  if (count > 1) return fail(bad_key());
  const auto text = *request.headers.get("Idempotency-Key");
  std::string key(text);
  if (text.starts_with('"')) {
    if (text.size() < 2 || !text.ends_with('"')) return fail(bad_key());
    const auto plain = unquote(text.substr(1, text.size() - 2));
    if (!plain) return fail(bad_key());
    key = *plain;
  }
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (key.empty() || key.size() > domain::kIdempotencyKeyBytesMax || !printable) {
    return fail(bad_key());
  }
  return std::optional(store::IdempotencyKey{std::move(key), fingerprint(request)});
}

}  // namespace belfry::api
