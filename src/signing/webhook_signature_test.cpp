#include "signing/webhook_signature.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace belfry::signing {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// The test vector of the Standard Webhooks specification and its reference libraries.
constexpr auto kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr auto kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr sys_seconds kSentAt{seconds{1'614'265'330}};
constexpr auto kBody = R"({"test": 2432232314})";
constexpr auto kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

SigningKey key(std::string_view secret = kSecret) {
  return SigningKey::parse(secret).value();
}

SignedMessage message() {
  return {kId, "1614265330", kSignature, kBody};
}

TEST(WebhookSignature, MatchesThePublicTestVector) {
  EXPECT_EQ(key().sign(kId, kSentAt, kBody), kSignature);
  EXPECT_TRUE(verify(key(), message(), kSentAt));
}

TEST(WebhookSignature, GeneratedSecretsAreReadableAndDiffer) {
  const auto a = generate_secret();
  EXPECT_TRUE(a.reveal().starts_with("whsec_"));
  EXPECT_EQ(base64_decode(a.reveal().substr(6))->size(), 32U);
  EXPECT_TRUE(SigningKey::parse(a.reveal()));
  EXPECT_NE(a.reveal(), generate_secret().reveal());
}

TEST(WebhookSignature, SecretsOfOtherFormOrLengthAreRefused) {
  const auto of_bytes = [](std::size_t n) { return "whsec_" + base64_encode(std::string(n, 'k')); };
  EXPECT_TRUE(SigningKey::parse(of_bytes(24)));
  EXPECT_TRUE(SigningKey::parse(of_bytes(64)));
  for (const auto& bad :
       {std::string(), std::string("whsec_"), of_bytes(23), of_bytes(65),
        std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), std::string(kSecret) + "=",
        std::string("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), std::string(kSecret) + "\n",
        std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa__")}) {
    const auto parsed = SigningKey::parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::validation_failed);
  }
}

TEST(WebhookSignature, EitherSecretVerifiesDuringARotation) {
  const auto other = key(generate_secret().reveal());
  const std::vector<SigningKey> both = {other, key()};
  const auto list = sign(both, kId, kSentAt, kBody);
  EXPECT_EQ(std::count(list.begin(), list.end(), ' '), 1);
  const SignedMessage sent{kId, "1614265330", list, kBody};
  EXPECT_TRUE(verify(key(), sent, kSentAt));
  EXPECT_TRUE(verify(other, sent, kSentAt));
  EXPECT_FALSE(verify(key(generate_secret().reveal()), sent, kSentAt));
}

TEST(WebhookSignature, SignaturesOfOtherVersionsAreSkipped) {
  auto sent = message();
  const auto list = "v1a,AAAA v2,BBBB  " + std::string(kSignature) + " v1,CCCC";
  sent.signature = list;
  EXPECT_TRUE(verify(key(), sent, kSentAt));
}

TEST(WebhookSignature, TheToleranceHoldsBothWays) {
  EXPECT_TRUE(verify(key(), message(), kSentAt + seconds{300}));
  EXPECT_TRUE(verify(key(), message(), kSentAt - seconds{300}));
  EXPECT_FALSE(verify(key(), message(), kSentAt + Millis{300'001}));
  EXPECT_FALSE(verify(key(), message(), kSentAt - Millis{300'001}));
  EXPECT_FALSE(verify(key(), message(), kSentAt + seconds{2}, seconds{1}));
}

TEST(WebhookSignature, HostileMessagesAreRefused) {
  const std::string long_list(5'000, 'x');
  const std::string long_id(257, 'x');
  const std::string upper_bits = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=";
  struct Case {
    const char* why;
    SignedMessage sent;
    ErrorCode code;
  };
  const Case cases[] = {
      {"no id", {"", "1614265330", kSignature, kBody}, ErrorCode::malformed_request},
      {"dotted id", {"msg.1", "1614265330", kSignature, kBody}, ErrorCode::malformed_request},
      {"long id", {long_id, "1614265330", kSignature, kBody}, ErrorCode::malformed_request},
      {"no time", {kId, "", kSignature, kBody}, ErrorCode::malformed_request},
      {"text time", {kId, "now", kSignature, kBody}, ErrorCode::malformed_request},
      {"signed time", {kId, "+1614265330", kSignature, kBody}, ErrorCode::malformed_request},
      {"minus", {kId, "-1614265330", kSignature, kBody}, ErrorCode::malformed_request},
      {"fraction", {kId, "1614265330.0", kSignature, kBody}, ErrorCode::malformed_request},
      {"space", {kId, "1614265330 ", kSignature, kBody}, ErrorCode::malformed_request},
      {"overflow", {kId, "99999999999999999999", kSignature, kBody}, ErrorCode::malformed_request},
      {"zero-led", {kId, "01614265330", kSignature, kBody}, ErrorCode::unauthenticated},
      {"no signature", {kId, "1614265330", "", kBody}, ErrorCode::malformed_request},
      {"long list", {kId, "1614265330", long_list, kBody}, ErrorCode::malformed_request},
      {"blanks", {kId, "1614265330", "   ", kBody}, ErrorCode::unauthenticated},
      {"bare base64", {kId, "1614265330", kSignature + 3, kBody}, ErrorCode::unauthenticated},
      {"other spelling", {kId, "1614265330", upper_bits, kBody}, ErrorCode::unauthenticated},
      {"other version", {kId, "1614265330", "v1a,AAAA", kBody}, ErrorCode::unauthenticated},
      {"other body", {kId, "1614265330", kSignature, "{}"}, ErrorCode::unauthenticated},
      {"other id", {"msg_1", "1614265330", kSignature, kBody}, ErrorCode::unauthenticated},
      {"other time", {kId, "1614265331", kSignature, kBody}, ErrorCode::unauthenticated},
  };
  for (const auto& c : cases) {
    const auto result = verify(key(), c.sent, kSentAt);
    ASSERT_FALSE(result) << c.why;
    EXPECT_EQ(result.error().code, c.code) << c.why;
    EXPECT_TRUE(verify(key(), message(), kSentAt)) << c.why;
  }
}

TEST(WebhookSignatureDeathTest, AnIdOfOursNeverHoldsAFullStop) {
  EXPECT_DEATH(key().sign("a.b", kSentAt, ""), "CHECK failed");
}

}  // namespace
}  // namespace belfry::signing
