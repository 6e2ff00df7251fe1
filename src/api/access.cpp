#include "api/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/credentials.hpp"
#include "auth/token_verifier.hpp"

namespace belfry::api {
namespace {

// The token of `Authorization: Bearer TOKEN`; the scheme's name is case-insensitive (RFC 9110).
Result<std::string_view> bearer_token(const http::Request& request) {
  const auto value = request.headers.get("Authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (!value) {
    return fail(ErrorCode::unauthenticated,
                "send Authorization: Bearer TOKEN, with a token from POST /api/v1/auth/token");
  }
  const auto is_bearer =
      value->size() > kScheme.size() &&
      std::equal(kScheme.begin(), kScheme.end(), value->begin(),
                 [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  if (!is_bearer) {
    return fail(ErrorCode::unauthenticated, "the Authorization header must be: Bearer TOKEN");
  }
  const auto token = value->substr(kScheme.size());
  return token.substr(std::min(token.find_first_not_of(' '), token.size()));
}

Result<> check_access(const Access& access, const auth::Principal& principal) {
  switch (access.who) {
    case Access::Who::anyone:
      return {};
    case Access::Who::operator_:
      if (principal.is_operator()) return {};
      return fail(ErrorCode::forbidden, "this needs an operator's token");
    case Access::Who::tenant_or_operator:
      if (principal.is_operator()) return {};
      break;
    case Access::Who::tenant:
      if (!principal.is_operator()) break;
      return fail(ErrorCode::forbidden,
                  "an operator's token has no tenant; use a tenant's token here");
  }
  if (access.scope.empty() || principal.scopes.intersects(access.scope)) return {};
  return fail(ErrorCode::forbidden,
              fmt::format("this needs the scope {}; ask for a key that has it",
                          auth::to_string(access.scope)));
}

Result<auth::Principal> identify(const Services& services, std::string_view token) {
  auto principal = services.authenticator.authenticate(token);
  if (!principal || principal->is_operator()) return principal;
  const auto found = services.directory.find_tenant(principal->tenant);
  if (!found) return fail(found.error());
  const auto& tenant = *found;
  if (!tenant) return fail(ErrorCode::invalid_token, "the token's tenant does not exist here");
  if (const auto active = check_active(*tenant); !active) return fail(active.error());
  return principal;
}

}  // namespace

Result<auth::Principal> admit(const Services& services, const Access& access,
                              const http::Request& request) {
  if (access.who == Access::Who::anyone) return auth::Principal{};
  const auto token = bearer_token(request);
  if (!token) return fail(token.error());
  auto principal = identify(services, *token);
  if (!principal) return principal;
  if (const auto allowed = check_access(access, *principal); !allowed) {
    return fail(allowed.error());
  }
  return principal;
}

Admission::Admission(const Call& call)
    : services_(call.services),
      token_(bearer_token(call.request).value_or("")),
      ends_(call.principal.expires + auth::TokenVerifier::kLeeway) {}

Result<> Admission::check() const {
  const auto principal = identify(services_, token_);
  if (!principal) return fail(principal.error());
  return {};
}

}  // namespace belfry::api
