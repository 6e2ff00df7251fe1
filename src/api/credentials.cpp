#include "api/credentials.hpp"

#include <algorithm>

#include "api/answer.hpp"
#include "auth/api_key.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;

Error bad_key() {
  return {ErrorCode::unauthenticated,
          "the API key is unknown, expired or revoked; ask for another with POST /api/v1/api-keys"};
}

std::unexpected<OAuthFault> oauth_fault(std::string error, std::string description,
                                        bool basic = false) {
  return std::unexpected(OAuthFault{std::move(error), std::move(description), basic});
}

// "user:password" of HTTP Basic, each form-encoded before base64 (RFC 6749 section 2.3.1).
std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  if (header.size() < kScheme.size()) return std::nullopt;
  const bool basic = std::equal(kScheme.begin(), kScheme.end(), header.begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? b + 32 : b);
  });
  const auto text = basic ? base64_decode(header.substr(kScheme.size())) : std::nullopt;
  if (!text) return std::nullopt;
  const auto colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto fields =
      http::parse_form("u=" + text->substr(0, colon) + "&p=" + text->substr(colon + 1));
  if (!fields || fields->size() != 2) return std::nullopt;
  return std::pair{(*fields)[0].second, (*fields)[1].second};
}

}  // namespace

Result<> check_active(const domain::Tenant& tenant) {
  if (!tenant.suspended_at) return {};
  return fail(ErrorCode::forbidden, "this tenant is suspended; ask the operator of the service");
}

std::expected<Credentials, OAuthFault> read_token_form(const http::Request& request) {
  const auto fields = http::parse_form(request.body);
  if (!fields) return oauth_fault("invalid_request", "the form is not valid percent-encoded UTF-8");
  const auto field = [&](std::string_view name) -> std::optional<std::string> {
    for (const auto& [key, value] : *fields) {
      if (key == name) return value;
    }
    return std::nullopt;
  };
  for (const auto& [key, value] : *fields) {
    const auto same = [&](const auto& other) { return other.first == key; };
    if (std::count_if(fields->begin(), fields->end(), same) > 1) {
      return oauth_fault("invalid_request", "a parameter is given more than once");
    }
  }
  const auto grant = field("grant_type");
  if (!grant) return oauth_fault("invalid_request", "grant_type=client_credentials is missing");
  if (*grant != "client_credentials") {
    return oauth_fault("unsupported_grant_type", "only client_credentials is supported");
  }
  Credentials credentials;
  credentials.client_id = field("client_id");
  const auto header = request.headers.get("Authorization");
  if (header) {
    const auto basic = basic_credentials(*header);
    if (!basic) return oauth_fault("invalid_client", "the Basic credentials are malformed", true);
    credentials.client_id = basic->first;
    credentials.api_key = Secret(basic->second);
  } else if (const auto secret = field("client_secret")) {
    credentials.api_key = Secret(*secret);
  } else {
    return oauth_fault("invalid_client",
                       "send the API key as client_secret, or by HTTP Basic with the tenant id");
  }
  if (const auto scope = field("scope"); scope && !scope->empty()) {
    const auto scopes = auth::parse_scopes(*scope);
    if (!scopes) return oauth_fault("invalid_scope", scopes.error().message);
    credentials.scopes = *scopes;
  }
  return credentials;
}

asio::awaitable<Result<KeyHolder>> check_key(const Services& services, Secret api_key) {
  const auto kind = auth::check_format(api_key.reveal());
  if (!kind) co_return fail(kind.error());
  const auto hash = auth::hash_api_key(api_key.reveal());
  if (*kind == auth::KeyKind::operator_) {
    if (!constant_time_equal(hash, services.options.operator_key_hash)) co_return fail(bad_key());
    KeyHolder holder;
    holder.is_operator = true;
    holder.scopes = auth::Scopes{auth::Scope::operator_};
    co_return holder;
  }
  const auto now = services.clock.now();
  std::function<std::optional<store::ApiKeyRow>(store::Snapshot&)> read =
      [hash](store::Snapshot& snapshot) {
        return snapshot.api_keys().find_by_hash_all_tenants(hash);
      };
  auto row = co_await services.gateway.read<std::optional<store::ApiKeyRow>>(std::move(read));
  if (!row) co_return fail(row.error());
  if (!*row || (*row)->revoked_at || ((*row)->expires_at && *(*row)->expires_at <= now)) {
    co_return fail(bad_key());
  }
  const auto found = services.directory.find_tenant((*row)->tenant);
  if (!found) co_return fail(found.error());
  const auto& tenant = *found;
  if (!tenant) co_return fail(bad_key());
  if (const auto active = check_active(*tenant); !active) co_return fail(active.error());
  const auto scopes = auth::Scopes::from_bits((*row)->scopes);
  if (!scopes) co_return fail(bad_key());
  if (!(*row)->last_used_at || *(*row)->last_used_at + std::chrono::minutes{1} <= now) {
    store::TransactFn touch = [id = (*row)->id, now](store::Transaction& tx) -> Result<> {
      tx.api_key_writes().touch(id, now);
      return {};
    };
    log_and_ignore(co_await services.gateway.transact(std::move(touch)),
                   "last use is a courtesy; the key is good");
  }
  co_return KeyHolder{false, (*row)->tenant, (*row)->id, *scopes, (*row)->expires_at};
}

http::Response token_answer(const Services& services, const auth::IssuedToken& issued) {
  const auto& principal = issued.principal;
  const bool is_operator = principal.is_operator();
  const auto tenant = is_operator ? nullptr : services.directory.tenant(principal.tenant);
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("token").string(issued.token);
  w.field("tenantId", is_operator ? std::nullopt : std::optional(to_string(principal.tenant)));
  w.field("tenantName", tenant ? std::optional(tenant->name) : std::nullopt);
  w.key("access_token").string(issued.token);
  w.key("token_type").string("Bearer");
  w.key("expires_in").number(static_cast<std::int64_t>(issued.lifetime.count()));
  w.key("scope").string(auth::to_string(principal.scopes));
  w.end_object();
  auto response = json_answer(200, std::move(out));
  never_store(response);
  return response;
}

}  // namespace belfry::api
