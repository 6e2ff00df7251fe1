#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/token_issuer.hpp"
#include "auth/token_verifier.hpp"
#include "base/encoding.hpp"
#include "json/check.hpp"
#include "json/value.hpp"

namespace belfry::auth {
namespace {

const TokenNames kNames{"https://belfry.example", "belfry"};
const TenantId kTenant{{1, 2}};
const ApiKeyId kKey{{3, 4}};

std::string encode(std::string_view text) {
  return base64url_encode(text);
}

struct Parts {
  std::string header, payload, signature;
  explicit Parts(const std::string& token) {
    const auto first = token.find('.'), second = token.rfind('.');
    header = token.substr(0, first);
    payload = token.substr(first + 1, second - first - 1);
    signature = token.substr(second + 1);
  }
  std::string with_header(std::string_view json) const {
    return encode(json) + "." + payload + "." + signature;
  }
};

class Token : public testing::Test {
 protected:
  Token() { issuer_.set_key(key_); }

  std::string good() const { return issuer_.issue(kTenant, kKey, {Scope::tasks_read}).token; }
  Result<TokenVerifier::Verified> verify(std::string_view token) const {
    return verifier_.verify(token, clock_.now());
  }
  // A refused token never harms the next good one.
  void expect_refused(std::string_view token, std::string_view why,
                      ErrorCode code = ErrorCode::invalid_token) const {
    const auto result = verify(token);
    ASSERT_FALSE(result) << why;
    EXPECT_EQ(result.error().code, code) << why << ": " << result.error().message;
    EXPECT_TRUE(verify(good())) << why;
  }
  std::string header_with(std::string_view extra) const {
    return R"({"alg":"ES256","typ":"at+jwt","kid":")" + key_.kid() + "\"" + std::string(extra) +
           "}";
  }
  // Claims of a good token, with one of them (name, JSON value) replaced or, if empty, left out.
  std::string claims_with(std::string_view name, std::string_view value) const {
    const auto now = std::to_string(to_ms(clock_.now()) / 1'000);
    const auto later = std::to_string(to_ms(clock_.now()) / 1'000 + 60);
    const std::pair<std::string, std::string> claims[] = {
        {"iss", "\"https://belfry.example\""},
        {"aud", "\"belfry\""},
        {"sub", "\"" + to_string(kTenant) + "\""},
        {"client_id", "\"" + to_string(kKey) + "\""},
        {"iat", now},
        {"exp", later},
        {"jti", "\"" + to_string(kTenant) + "\""},
        {"scope", "\"worker\""}};
    std::string out = "{";
    bool replaced = false;
    for (const auto& [key, standard] : claims) {
      const auto text = key == name ? std::string(value) : standard;
      replaced |= key == name;
      if (!text.empty()) out += "\"" + key + "\":" + text + ",";
    }
    if (!replaced && !name.empty())
      out += "\"" + std::string(name) + "\":" + std::string(value) + ",";
    out.back() = '}';
    return out;
  }

  ManualClock clock_;
  SigningKey key_ = SigningKey::generate();
  TokenIssuer issuer_{clock_, kNames};
  TokenVerifier verifier_{kNames, {key_}};
};

TEST_F(Token, AGoodOneTellsItsPrincipal) {
  const auto issued = issuer_.issue(kTenant, kKey, {Scope::tasks_read, Scope::worker});
  const auto verified = verify(issued.token);
  ASSERT_TRUE(verified) << verified.error().message;
  const auto& principal = verified->principal;
  EXPECT_EQ(principal.tenant, kTenant);
  EXPECT_EQ(principal.key, kKey);
  EXPECT_EQ(principal.scopes, (Scopes{Scope::tasks_read, Scope::worker}));
  EXPECT_EQ(principal.jti, issued.principal.jti);
  EXPECT_EQ(principal.expires, clock_.now() + std::chrono::hours{1});
  EXPECT_FALSE(principal.is_operator());
  EXPECT_EQ(verified->kid, key_.kid());
}

TEST_F(Token, DoesNotOutliveItsKey) {
  const auto until = [&](Millis left) {
    return issuer_.issue(kTenant, kKey, {Scope::tasks_read}, clock_.now() + left);
  };
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  const auto soon = until(Millis{90'000});
  EXPECT_EQ(soon.lifetime.count(), 90);
  EXPECT_EQ(verify(soon.token)->principal.expires, now + std::chrono::seconds{90});
  EXPECT_EQ(until(std::chrono::hours{1'000}).lifetime, TokenIssuer::kDefaultLifetime);
  EXPECT_EQ(until(Millis{-5'000}).lifetime.count(), 0);
}

TEST_F(Token, TheOperatorsHasNoTenant) {
  const auto verified = verify(issuer_.issue_to_operator().token);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_TRUE(verified->principal.is_operator());
  EXPECT_FALSE(verified->principal.tenant);
  EXPECT_FALSE(verified->principal.key);
}

TEST_F(Token, HostileFormsAreRefused) {
  const auto token = good();
  const Parts parts(token);
  const std::pair<const char*, std::string> table[] = {
      {"empty", ""},
      {"one part", parts.header},
      {"two parts", parts.header + "." + parts.payload},
      {"no signature", parts.header + "." + parts.payload + "."},
      {"four parts", token + ".AA"},
      {"five parts", token + ".AA.AA"},
      {"dots", "..."},
      {"two dots", ".."},
      {"empty header", "." + parts.payload + "." + parts.signature},
      {"empty payload", parts.header + ".." + parts.signature},
      {"leading space", " " + token},
      {"trailing space", token + " "},
      {"line feed", token + "\n"},
      {"inner space", parts.header + ". " + parts.payload + "." + parts.signature},
      {"padding", token + "="},
      {"padded header", parts.header + "=." + parts.payload + "." + parts.signature},
      {"standard alphabet", parts.header + ".++//." + parts.signature},
      {"NUL inside", parts.header + "." + std::string(4, '\0') + "." + parts.signature},
      {"NUL after", token + std::string(1, '\0')},
      {"high bytes", "\xff\xfe." + parts.payload + "." + parts.signature},
      {"one digit", "A." + parts.payload + "." + parts.signature},
      {"too long", token + std::string(5'000, 'A')},
      {"huge header", std::string(1'000'000, 'A') + "." + parts.payload + "." + parts.signature},
      {"huge payload", parts.header + "." + std::string(4'000, 'A') + "." + parts.signature},
      {"cut signature", token.substr(0, token.size() - 1)},
      {"short signature", token.substr(0, token.size() - 4)},
      {"long signature", token + "AAAA"},
      {"DER signature", parts.header + "." + parts.payload + "." +
                            encode("\x30\x44\x02\x20" + std::string(32, '\x11') + "\x02\x20" +
                                   std::string(32, '\x22'))},
      {"zero signature", parts.header + "." + parts.payload + "." + encode(std::string(64, '\0'))},
      {"r and s of ones",
       parts.header + "." + parts.payload + "." + encode(std::string(64, '\xff'))},
      {"swapped parts", parts.payload + "." + parts.header + "." + parts.signature},
      {"other payload", parts.header + "." + encode(claims_with("", "")) + "." + parts.signature},
  };
  for (const auto& [why, bad] : table) expect_refused(bad, why);
}

TEST_F(Token, HostileHeadersAreRefused) {
  const Parts parts(good());
  const auto kid = key_.kid();
  const std::pair<const char*, std::string> table[] = {
      {"alg none", R"({"alg":"none","typ":"at+jwt","kid":")" + kid + "\"}"},
      {"alg None", R"({"alg":"None","typ":"at+jwt","kid":")" + kid + "\"}"},
      {"alg es256", R"({"alg":"es256","typ":"at+jwt","kid":")" + kid + "\"}"},
      {"alg ES384", R"({"alg":"ES384","typ":"at+jwt","kid":")" + kid + "\"}"},
      {"alg number", R"({"alg":256,"typ":"at+jwt","kid":")" + kid + "\"}"},
      {"alg list", R"({"alg":["ES256"],"typ":"at+jwt","kid":")" + kid + "\"}"},
      {"no alg", R"({"typ":"at+jwt","kid":")" + kid + "\"}"},
      {"typ JWT", R"({"alg":"ES256","typ":"JWT","kid":")" + kid + "\"}"},
      {"no typ", R"({"alg":"ES256","kid":")" + kid + "\"}"},
      {"no kid", R"({"alg":"ES256","typ":"at+jwt"})"},
      {"other kid", R"({"alg":"ES256","typ":"at+jwt","kid":"AAAAAAAAAAAAAAAA"})"},
      {"path kid", R"({"alg":"ES256","typ":"at+jwt","kid":"../../etc/passwd"})"},
      {"SQL kid", R"({"alg":"ES256","typ":"at+jwt","kid":"' OR 1=1 --"})"},
      {"null kid", R"({"alg":"ES256","typ":"at+jwt","kid":null})"},
      {"crit", header_with(R"(,"crit":["exp"])")},
      {"zip", header_with(R"(,"zip":"DEF")")},
      {"b64", header_with(R"(,"b64":false)")},
      {"jku", header_with(R"(,"jku":"https://evil.example/jwks")")},
      {"jwk", header_with(",\"jwk\":" + SigningKey::generate().public_jwk())},
      {"duplicate alg", header_with(R"(,"alg":"none")")},
      {"escaped duplicate", header_with(R"(,"\u0061lg":"none")")},
      {"deep", header_with(",\"x\":" + std::string(900, '[') + std::string(900, ']'))},
      {"NUL key", header_with(R"(,"\u0000":1)")},
      {"trailing comma", header_with(",")},
      {"two values", header_with("") + "{}"},
      {"array", "[]"},
      {"text", "\"ES256\""},
      {"not JSON", "ES256"},
      {"raw NUL", std::string("{\"alg\":\"ES256\0\"}", 16)},
      {"invalid UTF-8", header_with(",\"x\":\"\xff\"")},
      {"overlong UTF-8", header_with(",\"x\":\"\xc0\xaf\"")},
  };
  for (const auto& [why, header] : table) expect_refused(parts.with_header(header), why);
}

// A key confusion attack: the public key as the secret of an HMAC.
TEST_F(Token, AnHmacUnderThePublicKeyIsRefused) {
  const auto secret = key_.public_jwk();
  const auto input = encode(R"({"alg":"HS256","typ":"at+jwt","kid":")" + key_.kid() + "\"}") + "." +
                     Parts(good()).payload;
  unsigned char mac[32];
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac, nullptr);
  const std::string_view text(reinterpret_cast<char*>(mac), sizeof(mac));
  expect_refused(input + "." + encode(text), "32 bytes");
  expect_refused(input + "." + encode(std::string(text) + std::string(text)), "64 bytes");
}

TEST_F(Token, WellSignedWrongClaimsAreRefused) {
  ASSERT_TRUE(verify(key_.sign(claims_with("", ""))));
  const auto now = to_ms(clock_.now()) / 1'000;
  const std::tuple<const char*, const char*, std::string> table[] = {
      {"other issuer", "iss", "\"https://evil.example\""},
      {"issuer and slash", "iss", "\"https://belfry.example/\""},
      {"no issuer", "iss", ""},
      {"other audience", "aud", "\"other\""},
      {"audience list", "aud", R"(["belfry","other"])"},
      {"no audience", "aud", ""},
      {"no sub", "sub", ""},
      {"text sub", "sub", "\"me\""},
      {"empty tenant", "sub", "\"00000000-0000-0000-0000-000000000000\""},
      {"operator without scope", "sub", "\"operator\""},
      {"operator scope with tenant", "scope", "\"operator\""},
      {"unknown scope", "scope", "\"root\""},
      {"no scope", "scope", ""},
      {"scope list", "scope", R"(["worker"])"},
      {"no client", "client_id", ""},
      {"number client", "client_id", "7"},
      {"no jti", "jti", ""},
      {"text jti", "jti", "\"1\""},
      {"no iat", "iat", ""},
      {"future iat", "iat", std::to_string(now + 11)},
      {"text iat", "iat", "\"1\""},
      {"no exp", "exp", ""},
      {"exp before iat", "exp", std::to_string(now)},
      {"fraction exp", "exp", std::to_string(now + 60) + ".5"},
      {"exponent exp", "exp", "1e300"},
      {"negative exp", "exp", "-1"},
      {"huge exp", "exp", "9223372036854775807"},
      {"overflowing exp", "exp", "99999999999999999999"},
      {"future nbf", "nbf", std::to_string(now + 11)},
      {"text nbf", "nbf", "\"soon\""},
      {"duplicate", "x", R"(1,"sub":"operator")"},
      {"deep", "x", R"([[[[[1]]]]])"},
      {"invalid UTF-8", "x", "\"\xed\xa0\x80\""},
  };
  for (const auto& [why, name, value] : table) {
    expect_refused(key_.sign(claims_with(name, value)), why);
  }
  for (const auto* payload : {"", "null", "[]", "{}", "x", "{\"iss\":"}) {
    expect_refused(key_.sign(payload), payload);
  }
}

TEST_F(Token, EveryFlippedBitAndRespelledEndIsRefused) {
  const auto token = good();
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const int bit : {0, 1, 2, 5, 7}) {
      auto flipped = token;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      ASSERT_FALSE(verify(flipped)) << i << " " << bit;
    }
    ASSERT_FALSE(verify(std::string_view(token).substr(0, i))) << i;
  }
  int accepted = 0;
  for (int c = 0; c < 256; ++c) {
    auto respelled = token;
    respelled.back() = static_cast<char>(c);
    accepted += verify(respelled) ? 1 : 0;
  }
  EXPECT_EQ(accepted, 1);
}

TEST_F(Token, ExpiresAfterItsLifeAndTheLeeway) {
  const auto token = good();
  clock_.advance(TokenIssuer::kDefaultLifetime + TokenVerifier::kLeeway - Millis{1});
  EXPECT_TRUE(verify(token));
  clock_.advance(Millis{1});
  expect_refused(token, "expired", ErrorCode::token_expired);
}

TEST_F(Token, AnotherServicesKeyIsRefused) {
  TokenIssuer other(clock_, kNames);
  other.set_key(SigningKey::generate());
  expect_refused(other.issue(kTenant, kKey, {}).token, "unknown key");
}

TEST(SigningKey, SurvivesExportAndImport) {
  for (int i = 0; i < 600; ++i) {  // enough for a scalar with a leading zero byte
    const auto key = SigningKey::generate();
    const auto again = SigningKey::from_private_jwk(key.private_jwk());
    ASSERT_TRUE(again);
    ASSERT_EQ(again->kid(), key.kid());
    ASSERT_EQ(again->public_jwk(), key.public_jwk());
    if (i == 0) {
      EXPECT_TRUE(key.verify(again->sign("{}")));
      EXPECT_FALSE(SigningKey::generate().verify(again->sign("{}")));
    }
  }
}

TEST(SigningKey, DamagedTextIsRefused) {
  const std::string text(SigningKey::generate().private_jwk().reveal());
  const auto other = SigningKey::generate().private_jwk();
  const auto d = text.find("\"d\":\"") + 5;
  auto mixed = text.substr(0, d) + std::string(other.reveal().substr(other.reveal().size() - 45));
  auto not_base64 = text;
  not_base64[d] = '!';
  for (const auto& bad : {std::string(), std::string("{}"), text.substr(0, 50), mixed, not_base64,
                          SigningKey::generate().public_jwk(),
                          text.substr(0, d) + encode(std::string(32, '\0')) + "\"}"}) {
    EXPECT_FALSE(SigningKey::from_private_jwk(Secret(bad))) << bad;
  }
}

TEST(SigningKey, TheKeySetHoldsPublicPartsOnly) {
  const SigningKey keys[] = {SigningKey::generate(), SigningKey::generate()};
  const auto text = jwks(keys);
  ASSERT_TRUE(json::check(text));
  std::size_t count = 0;
  const auto list = json::Value(text).find("keys");
  for (const auto& key : list->elements()) {
    EXPECT_FALSE(key.find("d"));
    EXPECT_EQ(key.find("kid")->string(), keys[count].kid());
    EXPECT_EQ(key.find("alg")->string(), "ES256");
    EXPECT_EQ(key.find("use")->string(), "sig");
    EXPECT_EQ(base64url_decode(*key.find("x")->string())->size(), 32U);
    ++count;
  }
  EXPECT_EQ(count, 2U);
}

}  // namespace
}  // namespace belfry::auth
