#include "auth/token_verifier.hpp"

#include <array>

#include "base/encoding.hpp"
#include "base/id.hpp"
#include "json/check.hpp"
#include "json/value.hpp"

namespace belfry::auth {
namespace {

constexpr std::size_t kSignatureBytes = 64;
constexpr int kJsonDepthMax = 4;
// The last second of the year 9999: nothing beyond can be a time, or overflow milliseconds.
constexpr std::int64_t kSecondsMax = 253'402'300'799;

std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::invalid_token, std::move(message));
}

struct Parts {
  std::string header, payload;
};

// Everything that must hold before cjose may see the token: it aborts the process on base64 that it
// cannot read, and takes several spellings of the same last character.
Result<Parts> check_form(std::string_view token) {
  if (token.size() > TokenVerifier::kTokenBytesMax) return invalid("the token is too long");
  std::array<std::string_view, 3> texts;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto dot = token.find('.');
    if (dot == token.npos) return invalid("the token must have three parts");
    texts[i] = token.substr(0, dot);
    token.remove_prefix(dot + 1);
  }
  texts[2] = token;
  if (token.contains('.')) return invalid("the token must have three parts");
  std::array<std::string, 3> bytes;
  for (std::size_t i = 0; i < 3; ++i) {
    auto decoded = base64url_decode(texts[i]);
    if (!decoded || decoded->empty()) return invalid("a part of the token is not base64url");
    bytes[i] = *std::move(decoded);
  }
  if (bytes[2].size() != kSignatureBytes)
    return invalid("the token's signature has a wrong length");
  return Parts{std::move(bytes[0]), std::move(bytes[1])};
}

// The kid of a header that is exactly of our kind. A jku, x5u or jwk in it means nothing here.
Result<std::string> read_header(const std::string& text) {
  if (!json::check(text, kJsonDepthMax)) return invalid("the token's header is not strict JSON");
  const json::Value header(text);
  if (header.kind() != json::Kind::object) return invalid("the token's header is not an object");
  const auto text_of = [&header](std::string_view key) {
    const auto value = header.find(key);
    return value ? value->string() : std::nullopt;
  };
  if (text_of("alg") != "ES256") return invalid("the token's algorithm must be ES256");
  if (text_of("typ") != "at+jwt") return invalid("the token's type must be at+jwt");
  for (const auto* key : {"crit", "zip", "b64"}) {
    if (header.find(key)) return invalid("the token's header asks for an extension");
  }
  auto kid = text_of("kid");
  if (!kid) return invalid("the token's header names no key");
  return *std::move(kid);
}

class Claims {
 public:
  explicit Claims(std::string_view checked_text) : object_(checked_text) {}
  bool has(std::string_view name) const { return object_.find(name).has_value(); }
  std::optional<std::string> text(std::string_view name) const {
    const auto value = object_.find(name);
    return value ? value->string() : std::nullopt;
  }
  // NumericDate; whole seconds only.
  std::optional<Timestamp> time(std::string_view name) const {
    const auto value = object_.find(name);
    const auto seconds = value ? value->int64() : std::nullopt;
    if (!seconds || *seconds < 0 || *seconds > kSecondsMax) return std::nullopt;
    return Timestamp{std::chrono::seconds{*seconds}};
  }

 private:
  json::Value object_;
};

Result<Timestamp> check_times(const Claims& claims, Timestamp now) {
  constexpr auto kLeeway = TokenVerifier::kLeeway;
  const auto issued = claims.time("iat"), expires = claims.time("exp");
  if (!issued || !expires || *expires <= *issued) {
    return invalid("the token's iat or exp is missing or wrong");
  }
  if (*issued > now + kLeeway) return invalid("the token comes from the future");
  if (claims.has("nbf")) {
    const auto not_before = claims.time("nbf");
    if (!not_before || *not_before > now + kLeeway) return invalid("the token is not valid yet");
  }
  if (now >= *expires + kLeeway) {
    return fail(ErrorCode::token_expired,
                "the token has expired; get a new one from POST /api/v1/auth/token");
  }
  return *expires;
}

// sub and client_id belong together: a tenant and its key, or the operator twice.
Result<> read_subject(const Claims& claims, Principal& principal) {
  const auto subject = claims.text("sub"), client = claims.text("client_id");
  if (!subject || !client) return invalid("the token's sub or client_id is missing");
  if (principal.is_operator()) {
    const bool right = subject == "operator" && client == "operator" &&
                       principal.scopes == Scopes{Scope::operator_};
    return right ? Result<>{} : invalid("the token's scope does not fit its sub");
  }
  const auto tenant = parse_id<TenantId>(*subject);
  const auto key = parse_id<ApiKeyId>(*client);
  if (!tenant || !*tenant || !key || !*key) return invalid("the token's sub or client_id is wrong");
  principal.tenant = *tenant;
  principal.key = *key;
  return {};
}

}  // namespace

TokenVerifier::TokenVerifier(TokenNames names, std::vector<SigningKey> keys)
    : names_(std::move(names)), keys_(std::move(keys)) {}

const SigningKey* TokenVerifier::find(std::string_view kid) const {
  for (const auto& key : keys_) {
    if (key.kid() == kid) return &key;
  }
  return nullptr;
}

Result<TokenVerifier::Verified> TokenVerifier::verify(std::string_view token, Timestamp now) const {
  const auto parts = check_form(token);
  if (!parts) return fail(parts.error());
  auto kid = read_header(parts->header);
  if (!kid) return fail(kid.error());
  const auto* key = find(*kid);
  if (key == nullptr) {
    return invalid("the token is signed with a key that is unknown here; get a new token");
  }
  if (!key->verify(token)) return invalid("the token's signature is wrong");
  auto principal = read_claims(parts->payload, now);
  if (!principal) return fail(principal.error());
  return Verified{*std::move(principal), *std::move(kid)};
}

Result<Principal> TokenVerifier::read_claims(std::string_view payload, Timestamp now) const {
  if (!json::check(payload, kJsonDepthMax))
    return invalid("the token's claims are not strict JSON");
  const Claims claims(payload);
  if (claims.text("iss") != names_.issuer)
    return invalid("the token was issued by another service");
  if (claims.text("aud") != names_.audience)
    return invalid("the token is meant for another service");
  const auto expires = check_times(claims, now);
  if (!expires) return fail(expires.error());
  const auto scope = claims.text("scope");
  const auto scopes = scope ? parse_scopes(*scope) : invalid("");
  if (!scopes) return invalid("the token's scope is missing or unknown");
  const auto jti = claims.text("jti");
  if (!jti || !parse_uuid(*jti)) return invalid("the token's jti is missing or wrong");
  Principal principal{{}, *scopes, {}, *jti, *expires};
  if (const auto subject = read_subject(claims, principal); !subject) return fail(subject.error());
  return principal;
}

}  // namespace belfry::auth
