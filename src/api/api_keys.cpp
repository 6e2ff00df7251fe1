// A tenant's API keys: create with scopes and expiry, list, revoke.
#include <fmt/format.h>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/task_in.hpp"
#include "auth/api_key.hpp"
#include "base/encoding.hpp"
#include "json/field_reader.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

void write_key(json::Writer& w, const store::ApiKeyRow& row, std::string_view shown_once) {
  w.begin_object();
  w.key("id").string(to_string(row.id));
  w.key("name").string(row.name);
  w.key("prefix").string(row.prefix);
  if (!shown_once.empty()) w.key("apiKey").string(shown_once);
  w.key("scopes").begin_array();
  const auto scopes = auth::Scopes::from_bits(row.scopes).value_or(auth::Scopes{});
  for (const auto scope : {auth::Scope::tasks_read, auth::Scope::tasks_write, auth::Scope::worker,
                           auth::Scope::manage}) {
    if (scopes.contains(scope)) w.string(auth::to_string(auth::Scopes{scope}));
  }
  w.end_array();
  w.key("createdAt").time(row.created_at);
  w.field("expiresAt", row.expires_at);
  w.field("revokedAt", row.revoked_at);
  w.field("lastUsedAt", row.last_used_at);
  w.end_object();
}

constexpr std::size_t kScopesTextMax = 256;

struct KeyRequest {
  std::string name;
  auth::Scopes scopes;
  std::optional<Timestamp> expires_at;
};

// When the key that the asking token was issued to expires, if it does.
asio::awaitable<Result<std::optional<Timestamp>>> makers_expiry(const Call& call) {
  using Rows = std::vector<store::ApiKeyRow>;
  std::function<Rows(store::Snapshot&)> read = [tenant = call.tenant()](store::Snapshot& snapshot) {
    return snapshot.api_keys().list(tenant);
  };
  const auto rows = co_await call.services.gateway.read<Rows>(std::move(read));
  if (!rows) co_return fail(rows.error());
  std::optional<Timestamp> expiry;
  for (const auto& row : *rows) {
    if (row.id == call.principal.key) expiry = row.expires_at;
  }
  co_return expiry;
}

// A key that outlives its maker would undo what the maker's expiry is for.
void bound_expiry(json::FieldReader& in, std::optional<Timestamp> makers, KeyRequest& request) {
  if (!makers) return;
  if (!request.expires_at) request.expires_at = makers;
  if (*request.expires_at > *makers) {
    in.fault("expiresAt", fmt::format("must not be later than {}, when the key that asks expires",
                                      format_time(*makers)));
  }
}

Result<KeyRequest> read_request(const json::Value& body, const Call& call,
                                std::optional<Timestamp> makers) {
  Faults faults;
  json::FieldReader in(body, "", faults.fields);
  KeyRequest request;
  request.name = read_name(in, "name", {1, 128, json::Need::required}).value_or("");
  request.scopes = call.principal.scopes;
  if (const auto scopes = in.array("scopes")) {
    std::string names;
    for (const auto& element : scopes->elements()) {
      const auto text = element.string();
      if (!text || names.size() > kScopesTextMax) {
        in.fault("scopes", "must hold the names of scopes");
        return fail(faults.result().error());
      }
      names += names.empty() ? *text : " " + *text;
    }
    const auto asked = auth::parse_scopes(names);
    if (!asked) {
      in.fault("scopes", asked.error().message);
    } else if (asked->empty()) {
      in.fault("scopes", "must hold at least one scope");
    } else if (!call.principal.scopes.includes(*asked)) {
      in.fault("scopes", "holds a scope that the asking token does not have");
    } else {
      request.scopes = *asked;
    }
  }
  request.expires_at = in.time("expiresAt", call.services.options.local_time);
  if (request.expires_at && *request.expires_at <= call.services.clock.now()) {
    in.fault("expiresAt", "must lie in the future");
  }
  bound_expiry(in, makers, request);
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  return request;
}

Answer create_key(Call call) {
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  const auto makers = co_await makers_expiry(call);
  if (!makers) co_return fail(makers.error());
  const auto request = read_request(*body, call, *makers);
  if (!request) co_return fail(request.error());
  const auto key = auth::generate_api_key(auth::KeyKind::tenant);
  store::ApiKeyRow row;
  row.id = call.services.ids.make<ApiKeyId>();
  row.tenant = call.tenant();
  row.name = request->name;
  row.prefix = auth::display_prefix(key.reveal());
  row.hash = auth::hash_api_key(key.reveal());
  row.scopes = request->scopes.bits();
  row.created_at = call.services.clock.now();
  row.expires_at = request->expires_at;
  store::TransactFn insert = [row](store::Transaction& tx) {
    return tx.api_key_writes().insert(row);
  };
  const auto done = co_await call.services.gateway.transact(std::move(insert));
  if (!done) co_return fail(done.error());
  std::string out;
  json::Writer w(out);
  write_key(w, row, key.reveal());
  auto response = created("/api/v1/api-keys/" + to_string(row.id), std::move(out));
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

Answer list_keys(Call call) {
  std::function<std::vector<store::ApiKeyRow>(store::Snapshot&)> read =
      [tenant = call.tenant()](store::Snapshot& snapshot) {
        return snapshot.api_keys().list(tenant);
      };
  const auto rows =
      co_await call.services.gateway.read<std::vector<store::ApiKeyRow>>(std::move(read));
  if (!rows) co_return fail(rows.error());
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& row : *rows) write_key(w, row, "");
  w.end_array();
  co_return json_answer(200, std::move(out));
}

Answer revoke_key(Call call) {
  const auto id = id_param<ApiKeyId>(call, 0, "API key");
  if (!id) co_return fail(id.error());
  const auto now = call.services.clock.now();
  store::TransactFn revoke = [tenant = call.tenant(), id = *id, now](store::Transaction& tx) {
    return tx.api_key_writes().revoke(tenant, id, now);
  };
  const auto done =
      co_await call.services.gateway.transact(std::move(revoke), store::Purpose::upkeep);
  if (!done) co_return fail(done.error());
  // Its tokens end at once; remembered for as long as one could live.
  call.services.authenticator.revoke_key(*id, now + std::chrono::hours{24});
  call.services.feed.wake(call.tenant());
  co_return no_content();
}

}  // namespace

Routes api_key_routes() {
  const auto manages = with(auth::Scope::manage);
  return {
      {http::Method::post, "/api/v1/api-keys", manages, create_key, kTakesJson},
      {http::Method::get, "/api/v1/api-keys", manages, list_keys},
      {http::Method::delete_, "/api/v1/api-keys/{keyId}", manages, revoke_key},
  };
}

}  // namespace belfry::api
