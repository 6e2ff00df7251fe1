#include "auth/authenticator.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace belfry::auth {
namespace {

const TokenNames kNames{"https://belfry.example", "belfry"};
const TenantId kTenant{{1, 2}};
const ApiKeyId kKey{{3, 4}};

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() {
    issuer_.set_key(key_);
    authenticator_.set_keys({key_});
  }
  IssuedToken issue(ApiKeyId key = kKey) const {
    return issuer_.issue(kTenant, key, {Scope::worker});
  }
  ErrorCode code(std::string_view token) { return authenticator_.authenticate(token).error().code; }

  ManualClock clock_;
  SigningKey key_ = SigningKey::generate();
  TokenIssuer issuer_{clock_, kNames};
  Authenticator authenticator_{clock_, kNames};
};

TEST_F(AuthenticatorTest, ACachedAnswerEqualsTheFirst) {
  const auto issued = issue();
  for (int i = 0; i < 3; ++i) {
    const auto principal = authenticator_.authenticate(issued.token);
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->tenant, kTenant);
    EXPECT_EQ(principal->jti, issued.principal.jti);
  }
}

TEST_F(AuthenticatorTest, ACachedTokenExpires) {
  const auto token = issue().token;
  ASSERT_TRUE(authenticator_.authenticate(token));
  clock_.advance(TokenIssuer::kDefaultLifetime + TokenVerifier::kLeeway);
  ASSERT_FALSE(authenticator_.authenticate(token));
  EXPECT_EQ(code(token), ErrorCode::token_expired);
}

TEST_F(AuthenticatorTest, RevokingATokenEndsItAtOnceAndItAlone) {
  const auto ended = issue(), other = issue();
  ASSERT_TRUE(authenticator_.authenticate(ended.token));
  ASSERT_TRUE(authenticator_.authenticate(other.token));
  authenticator_.revoke(ended.principal.jti, ended.principal.expires);
  ASSERT_FALSE(authenticator_.authenticate(ended.token));
  EXPECT_EQ(code(ended.token), ErrorCode::invalid_token);
  EXPECT_TRUE(authenticator_.authenticate(other.token));
}

TEST_F(AuthenticatorTest, RevokingAKeyEndsAllItsTokens) {
  const ApiKeyId other_key{{9, 9}};
  const auto cached = issue(), fresh = issue(), other = issue(other_key);
  ASSERT_TRUE(authenticator_.authenticate(cached.token));
  authenticator_.revoke_key(kKey, cached.principal.expires);
  EXPECT_FALSE(authenticator_.authenticate(cached.token));
  EXPECT_FALSE(authenticator_.authenticate(fresh.token));
  EXPECT_TRUE(authenticator_.authenticate(other.token));
  EXPECT_TRUE(authenticator_.authenticate(issuer_.issue_to_operator().token));
}

TEST_F(AuthenticatorTest, RevocationsHoldUntilTheLastLeewayAndThroughManyOthers) {
  const auto ended = issue();
  authenticator_.revoke(ended.principal.jti, ended.principal.expires);
  clock_.advance(TokenIssuer::kDefaultLifetime + TokenVerifier::kLeeway - Millis{1});
  for (int i = 0; i < 5'000; ++i) {
    authenticator_.revoke("other-" + std::to_string(i), clock_.now() + Millis{1});
  }
  EXPECT_EQ(code(ended.token), ErrorCode::invalid_token);
}

TEST_F(AuthenticatorTest, RestoredRevocationsHold) {
  const auto token = issue(), by_key = issue(ApiKeyId{{9, 9}});
  authenticator_.restore({{token.principal.jti, token.principal.expires}},
                         {{ApiKeyId{{9, 9}}, by_key.principal.expires}});
  EXPECT_FALSE(authenticator_.authenticate(token.token));
  EXPECT_FALSE(authenticator_.authenticate(by_key.token));
  EXPECT_TRUE(authenticator_.authenticate(issue().token));
}

TEST_F(AuthenticatorTest, RotationKeepsOldTokensUntilTheirKeyIsTakenAway) {
  const auto old_token = issue().token;
  ASSERT_TRUE(authenticator_.authenticate(old_token));
  const auto next = SigningKey::generate();
  authenticator_.set_keys({key_, next});
  issuer_.set_key(next);
  const auto new_token = issue().token;
  EXPECT_TRUE(authenticator_.authenticate(old_token));
  EXPECT_TRUE(authenticator_.authenticate(new_token));
  EXPECT_NE(authenticator_.jwks().find(next.kid()), std::string::npos);
  authenticator_.set_keys({next});
  EXPECT_FALSE(authenticator_.authenticate(old_token));
  EXPECT_TRUE(authenticator_.authenticate(new_token));
}

TEST_F(AuthenticatorTest, TheFirstBytesOfACachedTokenAreComparedToo) {
  const auto token = issue().token;
  ASSERT_TRUE(authenticator_.authenticate(token));
  auto forged = token;
  forged[0] = forged[0] == 'e' ? 'f' : 'e';
  EXPECT_FALSE(authenticator_.authenticate(forged));
  EXPECT_FALSE(authenticator_.authenticate(token.substr(1)));
  EXPECT_FALSE(authenticator_.authenticate(""));
  EXPECT_FALSE(authenticator_.authenticate(std::string(10'000, 'e')));
}

TEST_F(AuthenticatorTest, ThreadsSeeARevocationAsSoonAsItReturned) {
  std::vector<IssuedToken> tokens;
  for (int i = 0; i < 50; ++i) tokens.push_back(issue());
  std::vector<std::atomic<bool>> revoked(tokens.size());
  std::atomic<int> wrong = 0;
  std::atomic<bool> stop = false;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        while (!stop) {
          for (std::size_t i = 0; i < tokens.size(); ++i) {
            const bool must_fail = revoked[i];
            const bool passed = authenticator_.authenticate(tokens[i].token).has_value();
            if (must_fail && passed) ++wrong;
          }
        }
      });
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      authenticator_.revoke(tokens[i].principal.jti, tokens[i].principal.expires);
      revoked[i] = true;
      if (authenticator_.authenticate(tokens[i].token)) ++wrong;
    }
    stop = true;
  }
  EXPECT_EQ(wrong, 0);
}

TEST(TokenCache, StaysBoundedAndDropsTheOldestFirst) {
  TokenCache cache(64);
  const auto yes = [](const auto&) { return true; };
  const auto now = from_ms(0);
  const auto text = [](int i) { return std::string(600, 'x') + std::to_string(1'000'000 + i * 7); };
  for (int i = 0; i < 1'000; ++i) {
    cache.insert(text(i), {{{}, {}, {}, std::to_string(i), now + Millis{1}}, "kid"}, 0);
    ASSERT_LE(cache.size(), 64U);
    const auto found = cache.find(text(i), now, 0, yes);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->jti, std::to_string(i));
  }
  EXPECT_FALSE(cache.find(text(0), now, 0, yes));
  EXPECT_GE(cache.size(), 48U);  // the shards fill evenly
}

TEST(TokenCache, DropsWhatIsNoLongerGood) {
  TokenCache cache;
  cache.insert("token", {{{}, {}, {}, "1", from_ms(10)}, "kid"}, 5);
  const auto no = [](const auto&) { return false; };
  EXPECT_TRUE(cache.find("token", from_ms(9), 5, no));
  EXPECT_FALSE(cache.find("token", from_ms(9), 6, no));
  EXPECT_EQ(cache.size(), 0U);
  cache.insert("token", {{{}, {}, {}, "1", from_ms(10)}, "kid"}, 6);
  EXPECT_FALSE(cache.find("token", from_ms(10), 6, no));
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace belfry::auth
