// Who gets which scopes, by every way there is to a key or a token, and what ends them.
#include "api/credentials.hpp"

#include "api/api_fixture.hpp"
#include "api/signing_keys.hpp"
#include "auth/api_key.hpp"
#include "base/encoding.hpp"

namespace belfry::api {
namespace {

using auth::Scope;
using auth::Scopes;

class Grants : public ApiTest {
 protected:
  Grants() {
    EXPECT_TRUE(use_keys(authenticator));
    caller.scopes = Scopes::all_of_tenant();
    services.options.operator_key_hash = auth::hash_api_key(operator_key.reveal());
  }

  Result<> use_keys(auth::Authenticator& of) {
    return refresh_signing_keys(gateway, sealed, clock, auth::TokenIssuer::kDefaultLifetime, of,
                                issuer);
  }
  // Every set of scopes that a tenant's key may hold.
  static std::vector<Scopes> every_set() {
    std::vector<Scopes> sets;
    for (std::uint32_t bits = 1; bits <= Scopes::all_of_tenant().bits(); ++bits) {
      sets.push_back(*Scopes::from_bits(bits));
    }
    return sets;
  }
  static std::string scopes_json(Scopes scopes) {
    std::string out = quoted(auth::to_string(scopes));
    for (auto at = out.find(' '); at != out.npos; at = out.find(' ', at))
      out.replace(at, 1, "\",\"");
    return "[" + out + "]";
  }
  http::Response make_key(const std::string& more = {}) {
    return post("/api/v1/api-keys", R"({"name":"k")" + more + "}");
  }
  http::Response make_key(Scopes scopes) { return make_key(R"(,"scopes":)" + scopes_json(scopes)); }

  http::Response form(const std::string& path, const std::string& body) {
    headers.set("Content-Type", "application/x-www-form-urlencoded");
    auto answer = post(path, body);
    headers = {};
    return answer;
  }
  http::Response grant(std::string_view key, const std::string& more = {}) {
    return form("/api/v1/auth/token",
                "grant_type=client_credentials&client_secret=" + std::string(key) + more);
  }
  http::Response token_of(std::string_view key) {
    return post("/api/v1/auth/token", R"({"apiKey":)" + quoted(key) + "}");
  }
  // What a granted token really holds, beside what the answer says of it.
  Scopes held(const http::Response& answer) {
    const auto principal = authenticator.authenticate(text(answer, "access_token"));
    if (!principal) return {};
    EXPECT_EQ(text(answer, "scope"), auth::to_string(principal->scopes));
    return principal->scopes;
  }

  const Secret operator_key = auth::generate_api_key(auth::KeyKind::operator_);
};

TEST_F(Grants, AKeyMakesOnlyKeysWhoseScopesItHolds) {
  for (const auto own : every_set()) {
    caller.scopes = own;
    for (const auto asked : every_set()) {
      const auto made = make_key(asked);
      EXPECT_EQ(made.status, own.includes(asked) ? 201 : 422)
          << auth::to_string(own) << " asks for " << auth::to_string(asked);
      EXPECT_EQ(raw(made, "scopes"), own.includes(asked) ? scopes_json(asked) : "absent");
    }
    EXPECT_EQ(make_key(R"(,"scopes":["operator"])").status, 422);
    EXPECT_EQ(make_key(R"(,"scopes":[])").status, 422);
  }
}

TEST_F(Grants, AKeyMadeWithoutScopesHasThoseOfItsMaker) {
  for (const auto own : every_set()) {
    caller.scopes = own;
    EXPECT_EQ(raw(make_key(), "scopes"), scopes_json(own));
    EXPECT_EQ(raw(make_key(R"(,"scopes":null)"), "scopes"), scopes_json(own));
  }
}

TEST_F(Grants, OAuthGivesOnlyScopesThatTheKeyHolds) {
  for (const auto own : every_set()) {
    const auto key = text(make_key(own), "apiKey");
    for (const auto asked : every_set()) {
      const auto answer = grant(key, "&scope=" + auth::to_string(asked));
      EXPECT_EQ(held(answer), own.includes(asked) ? asked : Scopes{})
          << auth::to_string(own) << " asks for " << auth::to_string(asked);
      if (!own.includes(asked)) EXPECT_EQ(text(answer, "error"), "invalid_scope") << answer.body;
    }
    EXPECT_EQ(text(grant(key, "&scope=operator"), "error"), "invalid_scope");
    EXPECT_EQ(text(grant(key, "&scope=" + auth::to_string(own) + " operator"), "error"),
              "invalid_scope");
    EXPECT_EQ(held(grant(key)), own);
    EXPECT_EQ(held(token_of(key)), own);
  }
}

TEST_F(Grants, TheOperatorsKeyHoldsNoScopeOfATenant) {
  const Scopes own{Scope::operator_};
  EXPECT_EQ(held(grant(operator_key.reveal())), own);
  EXPECT_EQ(held(grant(operator_key.reveal(), "&scope=operator")), own);
  EXPECT_EQ(held(token_of(operator_key.reveal())), own);
  for (const auto asked : every_set()) {
    EXPECT_EQ(text(grant(operator_key.reveal(), "&scope=" + auth::to_string(asked)), "error"),
              "invalid_scope");
  }
  const auto another = auth::generate_api_key(auth::KeyKind::operator_);
  EXPECT_EQ(token_of(another.reveal()).status, 401);
}

TEST_F(Grants, AnOperatorsTokenForATenantDoesWhatPeopleDo) {
  const auto answer = post("/api/v1/admin/tenants/" + to_string(tenant) + "/token");
  EXPECT_EQ(held(answer), (Scopes{Scope::tasks_read, Scope::tasks_write, Scope::manage}));
  EXPECT_EQ(text(answer, "tenantId"), to_string(tenant));
}

TEST_F(Grants, AKeyIsForItsOwnTenantAlone) {
  const auto key = text(make_key(), "apiKey");
  EXPECT_EQ(held(grant(key, "&client_id=" + to_string(tenant))), Scopes::all_of_tenant());
  EXPECT_EQ(text(grant(key, "&client_id=" + to_string(add_tenant())), "error"), "invalid_client");
}

TEST_F(Grants, AFormWithAFaultGetsNothing) {
  const auto key = text(make_key(), "apiKey");
  const auto good = "grant_type=client_credentials&client_secret=" + key;
  const auto basic = [&](const std::string& scheme, const std::string& user) {
    headers.set("Authorization", scheme + base64_encode(user));
    return form("/api/v1/auth/token", "grant_type=client_credentials");
  };
  const std::pair<std::string, const char*> forms[] = {
      {good + "&grant_type=client_credentials", "invalid_request"},
      {good + "&client_secret=" + key, "invalid_request"},
      {good + "&scope=worker&scope=worker", "invalid_request"},
      {good + "&scope=%FF", "invalid_request"},
      {"client_secret=" + key, "invalid_request"},
      {"grant_type=password&client_secret=" + key, "unsupported_grant_type"},
      {"grant_type=client_credentials", "invalid_client"},
      {"grant_type=client_credentials&client_secret=", "invalid_client"},
      {good + "&scope=everything", "invalid_scope"},
      {good + "&scope=worker worker", "invalid_scope"}};
  for (const auto& [sent, error] : forms) {
    const auto answer = form("/api/v1/auth/token", sent);
    EXPECT_EQ(text(answer, "error"), error) << sent;
    EXPECT_EQ(answer.status, std::string_view(error) == "invalid_client" ? 401 : 400);
    EXPECT_EQ(text(answer, "token"), "absent");
  }
  const auto user = to_string(tenant) + ":" + key;
  EXPECT_EQ(held(basic("Basic ", user)), Scopes::all_of_tenant());
  EXPECT_EQ(held(basic("bASIC ", user)), Scopes::all_of_tenant());
  for (const auto& other :
       {key, "nobody:" + key, user + "x", to_string(tenant) + ":", user + "%zz"}) {
    EXPECT_EQ(text(basic("Basic ", other), "error"), "invalid_client") << other;
  }
  EXPECT_EQ(text(basic("Bearer ", user), "error"), "invalid_client");
  EXPECT_EQ(text(basic("B", ""), "error"), "invalid_client");
}

TEST_F(Grants, ATokenToRevokeStandsOnceInAForm) {
  for (const auto* sent : {"", "token=", "other=x", "token=a&token=b", "token=%FF"}) {
    const auto answer = form("/api/v1/auth/revoke", sent);
    EXPECT_EQ(answer.status, 400) << sent;
    EXPECT_EQ(text(answer, "error"), "invalid_request") << sent;
  }
  EXPECT_EQ(form("/api/v1/auth/revoke", "token=a&token_type_hint=access_token").status, 200);
}

TEST_F(Grants, AKeyIsGoodUntilItExpires) {
  EXPECT_EQ(make_key(R"(,"expiresAt":)" + quoted(format_time(clock.now()))).status, 422);
  const auto until = clock.now() + std::chrono::hours{1};
  const auto made = make_key(R"(,"expiresAt":)" + quoted(format_time(until)));
  ASSERT_EQ(made.status, 201) << made.body;
  clock.advance(std::chrono::hours{1} - Millis{1});
  EXPECT_EQ(token_of(text(made, "apiKey")).status, 200);
  EXPECT_EQ(grant(text(made, "apiKey")).status, 200);
  clock.advance(Millis{1});
  EXPECT_EQ(token_of(text(made, "apiKey")).status, 401);
  EXPECT_EQ(grant(text(made, "apiKey")).status, 401);
}

TEST_F(Grants, NoKeyOutlivesItsMaker) {
  const auto in = [&](std::chrono::hours hours) { return format_time(clock.now() + hours); };
  const auto makers = in(std::chrono::hours{2});
  const auto made = make_key(R"(,"expiresAt":)" + quoted(makers));
  caller.key = *parse_id<ApiKeyId>(text(made, "id"));
  const auto expiring = [&](const std::string& at) { return make_key(R"(,"expiresAt":)" + at); };
  EXPECT_EQ(text(make_key(), "expiresAt"), makers);
  EXPECT_EQ(text(expiring("null"), "expiresAt"), makers);
  EXPECT_EQ(text(expiring(quoted(makers)), "expiresAt"), makers);
  const auto sooner = in(std::chrono::hours{1});
  EXPECT_EQ(text(expiring(quoted(sooner)), "expiresAt"), sooner);
  EXPECT_EQ(expiring(quoted(format_time(clock.now() + std::chrono::hours{2} + Millis{1}))).status,
            422);
}

TEST_F(Grants, ASuspendedTenantsKeyGetsNoToken) {
  const auto key = text(make_key(), "apiKey");
  const auto path = "/api/v1/admin/tenants/" + to_string(tenant);
  ASSERT_EQ(post(path + "/suspend").status, 200);
  EXPECT_EQ(token_of(key).status, 403);
  EXPECT_EQ(text(grant(key), "error"), "unauthorized_client");
  ASSERT_EQ(post(path + "/resume").status, 200);
  EXPECT_EQ(token_of(key).status, 200);
}

TEST_F(Grants, AnAnswerWithASecretIsNotStored) {
  const auto made = make_key();
  const auto hook = post("/api/v1/webhooks", R"({"url":"http://example.com/"})");
  const std::pair<const char*, http::Response> secrets[] = {
      {"apiKey", made},
      {"token", token_of(text(made, "apiKey"))},
      {"access_token", grant(text(made, "apiKey"))},
      {"token", post("/api/v1/admin/tenants/" + to_string(tenant) + "/token")},
      {"apiKey", post("/api/v1/auth/register", R"({"tenantName":"new"})")},
      {"secret", hook},
      {"secret", post("/api/v1/webhooks/" + text(hook, "id") + "/rotate")},
      {"webhookSecret", post("/api/v1/webhooks/secret/rotate")}};
  for (const auto& [secret, answer] : secrets) {
    EXPECT_GT(text(answer, secret).size(), 16U) << answer.body;
    EXPECT_EQ(answer.headers.get("Cache-Control"), "no-store") << answer.body;
  }
  for (const auto* list : {"/api/v1/api-keys", "/api/v1/webhooks"}) {
    const auto shown = get(list).body;
    EXPECT_EQ(shown.find("apiKey"), shown.npos) << shown;
    EXPECT_EQ(shown.find("secret\""), shown.npos) << shown;
  }
}

TEST_F(Grants, AKeyIsKnownByItsNameAndItsBeginning) {
  const auto made = make_key();
  const auto listed = get("/api/v1/api-keys").body;
  const auto row = *json::Value(listed).elements().begin();
  for (const auto& [key, value] : {std::pair{"name", std::string("k")},
                                   {"prefix", text(made, "apiKey").substr(0, 8)},
                                   {"createdAt", format_time(clock.now())},
                                   {"id", text(made, "id")}}) {
    EXPECT_EQ(text(made, key), value);
    EXPECT_EQ(row.find(key)->string(), value);
  }
  EXPECT_EQ(made.headers.get("Location"), "/api/v1/api-keys/" + text(made, "id"));
}

class Registrations : public Grants {
 protected:
  http::Response try_with(const std::string& more) {
    return post("/api/v1/auth/register", R"({"tenantName":"new")" + more + "}");
  }
  std::int64_t tenants() {
    std::int64_t count = 0;
    gateway.read_blocking([&](store::Snapshot& s) { count = s.tenants().count_all_tenants(); });
    return count;
  }
  const std::string right = R"(,"invitation":"the-right-words")";
};

TEST_F(Registrations, OnlyTheRightInvitationIsTaken) {
  services.options.registration = Registration::invite;
  services.options.invitation = "the-right-words";
  for (const auto* wrong :
       {"", R"(,"invitation":null)", R"(,"invitation":"")", R"(,"invitation":"the-right-word")",
        R"(,"invitation":"he-right-words")", R"(,"invitation":"the-right-wordsx")",
        R"(,"invitation":"The-right-words")", R"(,"invitation":"the-wrong-words")"}) {
    EXPECT_EQ(try_with(wrong).status, 403) << wrong;
  }
  EXPECT_EQ(tenants(), 1) << "a refusal makes no tenant";
  EXPECT_EQ(try_with(right).status, 201);
  EXPECT_EQ(tenants(), 2);
}

TEST_F(Registrations, AClosedServiceTakesNobody) {
  services.options.registration = Registration::closed;
  services.options.invitation = "the-right-words";
  EXPECT_EQ(try_with(right).status, 403);
  EXPECT_EQ(try_with("").status, 403);
  EXPECT_EQ(tenants(), 1);
}

TEST_F(Registrations, AnOpenServiceAsksForNoInvitation) {
  const auto made = try_with("");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto token = token_of(text(made, "apiKey"));
  EXPECT_EQ(held(token), Scopes::all_of_tenant());
  EXPECT_EQ(text(token, "tenantId"), text(made, "tenantId"));
}

TEST_F(Registrations, AServiceTakesSoManyTenantsAndNoMore) {
  services.options.tenants_max = 3;
  EXPECT_EQ(try_with("").status, 201);
  EXPECT_EQ(try_with("").status, 201);
  const auto refused = try_with("");
  EXPECT_EQ(text(refused, "type"), "urn:belfry:problem:quota_exceeded") << refused.body;
  EXPECT_EQ(tenants(), 3);
}

class Revocations : public Grants {
 protected:
  std::string new_token() { return text(token_of(key), "token"); }
  // Whether a service that starts now takes the token.
  bool good_after_a_restart(const std::string& token) {
    auth::Authenticator fresh(clock, names);
    EXPECT_TRUE(use_keys(fresh));
    gateway.read_blocking([&](store::Snapshot& snapshot) {
      auto keys = snapshot.api_keys().revoked_keys_all_tenants(clock.now() - std::chrono::hours{1});
      for (auto& [id, until] : keys) until += std::chrono::hours{1};
      fresh.restore(snapshot.api_keys().revoked_tokens_all_tenants(), keys);
    });
    return fresh.authenticate(token).has_value();
  }
  bool good(const std::string& token) { return authenticator.authenticate(token).has_value(); }

  const http::Response made = make_key();
  const std::string key = text(made, "apiKey");
};

TEST_F(Revocations, AnEndedTokenStaysEndedAfterARestart) {
  const auto by_json = new_token(), by_form = new_token(), other = new_token();
  EXPECT_TRUE(good_after_a_restart(by_json));
  EXPECT_EQ(post("/api/v1/auth/revoke", R"({"token":)" + quoted(by_json) + "}").status, 200);
  EXPECT_EQ(form("/api/v1/auth/revoke", "token=" + by_form).status, 200);
  for (const auto& ended : {by_json, by_form}) {
    EXPECT_FALSE(good(ended));
    EXPECT_FALSE(good_after_a_restart(ended));
  }
  EXPECT_TRUE(good(other));
  EXPECT_TRUE(good_after_a_restart(other));
  // It is kept for as long as the token would live.
  clock.advance(auth::TokenIssuer::kDefaultLifetime - std::chrono::seconds{1});
  EXPECT_TRUE(good_after_a_restart(other));
  EXPECT_FALSE(good_after_a_restart(by_json));
}

TEST_F(Revocations, WhatIsNoTokenEndsNothing) {
  const auto token = new_token();
  EXPECT_EQ(post("/api/v1/auth/revoke", R"({"token":"no token"})").status, 200);
  gateway.read_blocking([](store::Snapshot& snapshot) {
    EXPECT_TRUE(snapshot.api_keys().revoked_tokens_all_tenants().empty());
  });
  EXPECT_TRUE(good(token));
}

TEST_F(Revocations, ARevokedKeysTokensStayEndedAfterARestart) {
  const auto token = new_token();
  ASSERT_EQ(call(http::Method::delete_, "/api/v1/api-keys/" + text(made, "id")).status, 204);
  EXPECT_FALSE(good(token));
  EXPECT_FALSE(good_after_a_restart(token));
  EXPECT_EQ(token_of(key).status, 401);
  EXPECT_EQ(text(grant(key), "error"), "invalid_client");
}

class SigningKeys : public Revocations {
 protected:
  static std::string kid_of(const std::string& token) {
    const auto header = base64url_decode(token.substr(0, token.find('.'))).value_or("{}");
    const auto kid = json::Value(header).find("kid");
    return kid ? *kid->string() : "no kid";
  }
  std::size_t published() {
    std::size_t keys = 0;
    const auto jwks = get("/.well-known/jwks.json").body;
    const json::Value body(jwks);
    for ([[maybe_unused]] const auto& key : body.find("keys")->elements()) ++keys;
    return keys;
  }
  void after(Millis ms) {
    clock.advance(ms);
    EXPECT_TRUE(use_keys(authenticator));
  }
};

TEST_F(SigningKeys, ANewKeySignsFiveMinutesAfterItIsPublished) {
  const auto token = new_token();
  EXPECT_EQ(published(), 1U);
  ASSERT_EQ(post("/api/v1/admin/signing-keys/rotate").status, 202);
  after(Millis{0});
  EXPECT_EQ(published(), 2U);
  after(std::chrono::minutes{5} - Millis{1});
  EXPECT_EQ(kid_of(new_token()), kid_of(token));
  after(Millis{1});
  EXPECT_NE(kid_of(new_token()), kid_of(token));
  EXPECT_TRUE(good(token)) << "what the old key has signed stays good";
  EXPECT_EQ(published(), 2U);
}

TEST_F(SigningKeys, ARevokedSigningKeyEndsItsTokensForGood) {
  const auto token = new_token();
  EXPECT_EQ(post("/api/v1/admin/signing-keys/revoke", R"({"kid":"another"})").status, 404);
  EXPECT_TRUE(good(token));
  for (const auto& which : {R"({"kid":)" + quoted(kid_of(token)) + "}", std::string()}) {
    const auto ended = new_token();
    const auto answer = post("/api/v1/admin/signing-keys/revoke", which);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(raw(answer, "revoked"), "[" + quoted(kid_of(ended)) + "]");
    EXPECT_FALSE(good(ended));
    EXPECT_FALSE(good_after_a_restart(ended));
    const auto fresh = new_token();
    EXPECT_NE(kid_of(fresh), kid_of(ended));
    EXPECT_TRUE(good(fresh)) << "a new key signs at once";
    EXPECT_EQ(published(), 1U);
  }
}

}  // namespace
}  // namespace belfry::api
