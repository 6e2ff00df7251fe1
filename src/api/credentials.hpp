#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "api/route.hpp"

namespace belfry::api {

// forbidden if the tenant is suspended. To be told only to who has proved to be of it.
Result<> check_active(const domain::Tenant& tenant);

// What POST /api/v1/auth/token was given, in either form.
struct Credentials {
  Secret api_key;
  std::optional<std::string> client_id;  // OAuth2: must be the key's tenant
  std::optional<auth::Scopes> scopes;    // asked for; absent: all of the key's
};

// An OAuth2 form's fault, in the words of RFC 6749 section 5.2.
struct OAuthFault {
  std::string error;
  std::string description;
  bool basic_was_used = false;
};

// The OAuth2 client-credentials form (RFC 6749 section 4.4), authenticated by HTTP Basic or by
// client_id and client_secret in the body.
std::expected<Credentials, OAuthFault> read_token_form(const http::Request& request);

// Who holds the key, and what a token for it may do.
struct KeyHolder {
  bool is_operator = false;
  TenantId tenant;
  ApiKeyId key;
  auth::Scopes scopes;
  std::optional<Timestamp> expires_at;  // of the key; its tokens end with it
};

// unauthenticated for a malformed, unknown, expired or revoked key; the message is the same for all
// but the malformed. forbidden for a good key of a suspended tenant. Notes the key's use to the
// minute.
boost::asio::awaitable<Result<KeyHolder>> check_key(const Services& services, Secret api_key);

// The answer that holds a token: in the first version's words and in OAuth2's.
http::Response token_answer(const Services& services, const auth::IssuedToken& issued);

}  // namespace belfry::api
