// Register, exchange a key for a token, revoke a token, and what verifiers need to know.
#include <fmt/format.h>

#include <algorithm>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/credentials.hpp"
#include "api/signing_keys.hpp"
#include "api/task_in.hpp"
#include "auth/api_key.hpp"
#include "auth/secret_places.hpp"
#include "base/log.hpp"
#include "json/field_reader.hpp"
#include "json/writer.hpp"
#include "signing/webhook_signature.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

Result<std::string> read_registration(const json::Value& body, const Options& options) {
  Faults faults;
  json::FieldReader in(body, "", faults.fields);
  const auto name =
      read_name(in, "tenantName", {1, domain::kTenantNameCharsMax, json::Need::required});
  const auto invitation = in.string("invitation", {0, 256});
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  if (options.registration == Registration::closed) {
    return fail(ErrorCode::forbidden, "registration is closed; ask the operator for an account");
  }
  if (options.registration == Registration::invite &&
      !constant_time_equal(invitation.value_or(""), options.invitation)) {
    return fail(ErrorCode::forbidden, "registration needs a valid `invitation`; ask the operator");
  }
  return *name;
}

Answer register_tenant(Call call) {
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  const auto tenant_name = read_registration(*body, call.services.options);
  if (!tenant_name) co_return fail(tenant_name.error());
  const auto now = call.services.clock.now();
  const auto api_key = auth::generate_api_key(auth::KeyKind::tenant);
  const auto secret = signing::generate_secret();
  domain::Tenant tenant;
  tenant.id = call.services.ids.make<TenantId>();
  tenant.name = *tenant_name;
  tenant.created_at = now;
  tenant.sealed_secret = call.services.sealed.seal(secret, auth::place_of_tenant_secret(tenant.id));
  store::ApiKeyRow key;
  key.id = call.services.ids.make<ApiKeyId>();
  key.tenant = tenant.id;
  key.name = "first key";
  key.prefix = auth::display_prefix(api_key.reveal());
  key.hash = auth::hash_api_key(api_key.reveal());
  key.scopes = auth::Scopes::all_of_tenant().bits();
  key.created_at = now;
  store::TransactFn insert =
      [tenant, key, most = call.services.options.tenants_max](store::Transaction& tx) -> Result<> {
    if (tx.tenants().count_all_tenants() >= most) {
      return fail(ErrorCode::quota_exceeded,
                  fmt::format("this service has {} tenants, as many as its operator lets it have "
                              "(--tenants-max); ask the operator for room",
                              most));
    }
    tx.tenant_writes().insert(tenant);
    return tx.api_key_writes().insert(key);
  };
  const auto done = co_await call.services.gateway.transact(std::move(insert));
  if (!done) co_return fail(done.error());
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("tenantId").string(to_string(tenant.id));
  w.key("tenantName").string(tenant.name);
  w.key("apiKey").string(api_key.reveal());
  w.key("webhookSecret").string(secret.reveal());
  w.end_object();
  auto response = json_answer(201, std::move(out));
  never_store(response);
  co_return response;
}

auth::IssuedToken issue(const Services& services, const KeyHolder& holder, auth::Scopes scopes) {
  if (holder.is_operator) return services.issuer.issue_to_operator();
  return services.issuer.issue(holder.tenant, holder.key, scopes, holder.expires_at);
}

Answer token_for_json(Call call) {
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  auto key = in.string("apiKey", {1, 256, json::Need::required});
  in.done();
  if (const auto ok = faults.result(); !ok) co_return fail(ok.error());
  const auto holder = co_await check_key(call.services, Secret(std::move(*key)));
  if (!holder) co_return fail(holder.error());
  co_return token_answer(call.services, issue(call.services, *holder, holder->scopes));
}

http::Response oauth_refusal(const OAuthFault& fault) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("error").string(fault.error);
  w.key("error_description").string(fault.description);
  w.end_object();
  const bool client = fault.error == "invalid_client";
  auto response = json_answer(client ? 401 : 400, std::move(out));
  if (client) response.headers.set("WWW-Authenticate", fault.basic_was_used ? "Basic" : "Bearer");
  never_store(response);
  return response;
}

Answer token_for_form(Call call) {
  auto credentials = read_token_form(call.request);
  if (!credentials) co_return oauth_refusal(credentials.error());
  const auto holder = co_await check_key(call.services, std::move(credentials->api_key));
  const bool basic = call.request.headers.get("Authorization").has_value();
  if (!holder) {
    const auto& error = holder.error();
    if (error.code == ErrorCode::forbidden) {
      co_return oauth_refusal({"unauthorized_client", error.message, basic});
    }
    if (error.code != ErrorCode::unauthenticated) co_return fail(error);
    co_return oauth_refusal({"invalid_client", error.message, basic});
  }
  const auto& id = credentials->client_id;
  if (id && !holder->is_operator && *id != to_string(holder->tenant)) {
    co_return oauth_refusal({"invalid_client", "client_id is not the tenant of this key", basic});
  }
  const auto scopes = credentials->scopes.value_or(holder->scopes);
  if (!holder->scopes.includes(scopes)) {
    co_return oauth_refusal({"invalid_scope", "the key does not hold all of these scopes", basic});
  }
  co_return token_answer(call.services, issue(call.services, *holder, scopes));
}

Answer token(Call call) {
  if (has_media_type(call.request, kForm)) co_return co_await token_for_form(call);
  co_return co_await token_for_json(call);
}

Result<std::string> read_json_revocation(const http::Request& request) {
  const auto body = json_body(request);
  if (!body) return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  auto token = in.string("token", {1, 8'192, json::Need::required});
  in.string("token_type_hint");
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  return std::move(*token);
}

// What else is in the form, a client's id and secret for one, is nobody's business here.
std::expected<std::string, OAuthFault> read_form_revocation(const http::Request& request) {
  const auto fields = http::parse_form(request.body);
  if (!fields) {
    return std::unexpected(
        OAuthFault{"invalid_request", "the form is not valid percent-encoded UTF-8"});
  }
  const auto is_token = [](const auto& field) { return field.first == "token"; };
  const auto found = std::find_if(fields->begin(), fields->end(), is_token);
  if (found == fields->end() || found->second.empty()) {
    return std::unexpected(OAuthFault{"invalid_request", "send token=TOKEN"});
  }
  if (std::count_if(fields->begin(), fields->end(), is_token) > 1) {
    return std::unexpected(OAuthFault{"invalid_request", "a parameter is given more than once"});
  }
  return found->second;
}

// RFC 7009: whoever holds a token may end it; one that is not valid needs no ending.
Answer end_token(Call call, std::string token) {
  const auto principal = call.services.authenticator.authenticate(token);
  if (principal) {
    store::TransactFn keep = [jti = principal->jti,
                              expires = principal->expires](store::Transaction& tx) -> Result<> {
      tx.api_key_writes().revoke_token(jti, expires);
      return {};
    };
    const auto done =
        co_await call.services.gateway.transact(std::move(keep), store::Purpose::upkeep);
    if (!done) co_return fail(done.error());
    call.services.authenticator.revoke(principal->jti, principal->expires);
    call.services.feed.wake(principal->tenant);
  }
  http::Response response;
  response.status = 200;
  co_return response;
}

Answer revoke(Call call) {
  if (has_media_type(call.request, kForm)) {
    auto token = read_form_revocation(call.request);
    if (!token) co_return oauth_refusal(token.error());
    co_return co_await end_token(call, std::move(*token));
  }
  auto token = read_json_revocation(call.request);
  if (!token) co_return fail(token.error());
  co_return co_await end_token(call, std::move(*token));
}

Answer jwks(Call call) {
  auto response = json_answer(200, call.services.authenticator.jwks());
  response.headers.set("Cache-Control", "public, max-age=300");
  co_return response;
}

// RFC 8414.
Answer metadata(Call call) {
  const auto& base = call.services.options.public_url;
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("issuer").string(call.services.options.issuer);
  w.key("token_endpoint").string(base + "/api/v1/auth/token");
  w.key("revocation_endpoint").string(base + "/api/v1/auth/revoke");
  w.key("jwks_uri").string(base + "/.well-known/jwks.json");
  w.key("grant_types_supported").begin_array().string("client_credentials").end_array();
  w.key("response_types_supported").begin_array().end_array();
  w.key("token_endpoint_auth_methods_supported").begin_array();
  w.string("client_secret_basic").string("client_secret_post").end_array();
  w.key("scopes_supported").begin_array();
  for (const auto* scope : {"tasks:read", "tasks:write", "worker", "manage"}) w.string(scope);
  w.end_array();
  w.end_object();
  co_return json_answer(200, std::move(out));
}

Answer rotate(Call call) {
  const auto done = co_await call.services.gateway.transact(
      rotate_signing_key(call.services.sealed, call.services.clock.now()));
  if (!done) co_return fail(done.error());
  call.services.refresh_keys();
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("detail").string("a new key is published and signs in five minutes");
  w.end_object();
  co_return json_answer(202, std::move(out));
}

// A key that somebody else has, or may have: unlike a rotation it ends the tokens it has signed.
Answer revoke_keys(Call call) {
  const auto body = optional_json_body(call.request);
  if (!body) co_return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  auto kid = in.string("kid", {1, 128});
  in.done();
  if (const auto ok = faults.result(); !ok) co_return fail(ok.error());
  const auto& services = call.services;
  const auto now = services.clock.now();
  const auto removed = std::make_shared<std::vector<std::string>>();
  const auto done = co_await services.gateway.transact(
      revoke_signing_key(services.sealed, now, std::move(kid), removed), store::Purpose::upkeep);
  if (!done) co_return fail(done.error());
  for (const auto& gone : *removed) services.authenticator.drop_key(gone);
  using Rows = std::vector<store::SigningKeyRow>;
  std::function<Rows(store::Snapshot&)> read = [](store::Snapshot& snapshot) {
    return snapshot.signing_keys().list();
  };
  const auto rows = co_await services.gateway.read<Rows>(std::move(read));
  if (rows) {
    log_and_ignore(
        use_signing_keys(*rows, now, services.sealed, services.authenticator, services.issuer),
        "the keys are read again in a moment");
  }
  services.refresh_keys();
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("revoked").begin_array();
  for (const auto& gone : *removed) w.string(gone);
  w.end_array();
  w.end_object();
  co_return json_answer(200, std::move(out));
}

}  // namespace

Routes auth_routes() {
  return {
      {http::Method::post, "/api/v1/auth/register", anyone(), register_tenant, kTakesJson},
      {http::Method::post, "/api/v1/auth/token", anyone(), token, kTakesForm},
      {http::Method::post, "/api/v1/auth/revoke", anyone(), revoke, kTakesForm},
      {http::Method::get, "/.well-known/jwks.json", anyone(), jwks, kTakesAnyQuery},
      {http::Method::get, "/.well-known/oauth-authorization-server", anyone(), metadata,
       kTakesAnyQuery},
      {http::Method::post, "/api/v1/admin/signing-keys/rotate", operators_only(), rotate},
      {http::Method::post, "/api/v1/admin/signing-keys/revoke", operators_only(), revoke_keys,
       kTakesJson},
  };
}

}  // namespace belfry::api
