#include "dashboard/sessions.hpp"

#include <gtest/gtest.h>

namespace belfry::dashboard {
namespace {

class SessionsTest : public testing::Test {
 protected:
  Settings settings;
  ManualClock clock;
  std::string header(const std::string& value) { return "a=1; belfry_session=" + value + "; b=2"; }
};

TEST_F(SessionsTest, ACookieOpensItsSessionAndNoOther) {
  Sessions sessions(clock, settings);
  const auto mine = std::make_shared<Session>();
  const auto cookie = sessions.open(mine);
  EXPECT_GE(cookie.size(), 43U) << "256 bits";
  EXPECT_EQ(sessions.find(header(cookie)), mine);
  auto other = cookie;
  other.front() = other.front() == 'A' ? 'B' : 'A';
  for (const auto& wrong : {other, cookie.substr(1), std::string(), cookie + "A"}) {
    EXPECT_EQ(sessions.find(header(wrong)), nullptr) << wrong;
  }
  EXPECT_EQ(sessions.find("belfry_sessions=" + cookie), nullptr);
  EXPECT_EQ(sessions.find(std::nullopt), nullptr);
  EXPECT_NE(sessions.open(std::make_shared<Session>()), cookie);
}

TEST_F(SessionsTest, AnIdleSessionEndsAndWorkKeepsIt) {
  settings.session_idle = Millis{1'000};
  Sessions sessions(clock, settings);
  const auto session = std::make_shared<Session>();
  const auto cookie = sessions.open(session);
  clock.advance(Millis{900});
  ASSERT_EQ(sessions.find(header(cookie)), session);
  sessions.keep(*session);
  clock.advance(Millis{900});
  ASSERT_EQ(sessions.find(header(cookie)), session) << "to look is not to work, to keep is";
  clock.advance(Millis{100});
  EXPECT_EQ(sessions.find(header(cookie)), nullptr);
  EXPECT_TRUE(session->ended.requested()) << "its streams end";
  EXPECT_EQ(sessions.size(), 0U);
}

TEST_F(SessionsTest, NoSessionLivesLongerThanItsLife) {
  settings.session_idle = Millis{1'000};
  settings.session_life = Millis{2'500};
  Sessions sessions(clock, settings);
  const auto session = std::make_shared<Session>();
  const auto cookie = sessions.open(session);
  for (int i = 0; i < 4; ++i) {
    clock.advance(Millis{600});
    sessions.keep(*session);
    ASSERT_NE(sessions.find(header(cookie)), nullptr);
  }
  clock.advance(Millis{100});
  EXPECT_EQ(sessions.find(header(cookie)), nullptr);
}

TEST_F(SessionsTest, TheOneIdleLongestMakesRoom) {
  settings.sessions_max = 2;
  Sessions sessions(clock, settings);
  const auto first = sessions.open(std::make_shared<Session>());
  clock.advance(Millis{1});
  const auto second = sessions.open(std::make_shared<Session>());
  clock.advance(Millis{1});
  const auto third = sessions.open(std::make_shared<Session>());
  EXPECT_EQ(sessions.find(header(first)), nullptr);
  EXPECT_NE(sessions.find(header(second)), nullptr);
  EXPECT_NE(sessions.find(header(third)), nullptr);
}

TEST_F(SessionsTest, TheCookieIsForThisHostAndThisPathAlone) {
  EXPECT_EQ(Sessions(clock, settings).set_cookie("x"),
            "belfry_session=x; Path=/; HttpOnly; SameSite=Strict");
  settings.secure_cookies = true;
  EXPECT_EQ(Sessions(clock, settings).set_cookie("x"),
            "__Host-belfry_session=x; Path=/; HttpOnly; SameSite=Strict; Secure");
  settings.prefix = "/belfry";
  EXPECT_EQ(Sessions(clock, settings).set_cookie(""),
            "belfry_session=; Path=/belfry/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
}

TEST_F(SessionsTest, AttemptsAreCountedByAddress) {
  SignInLimit limit(clock);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limit.attempt("10.0.0.1")) << i;
  const auto wait = limit.attempt("10.0.0.1");
  ASSERT_TRUE(wait);
  EXPECT_FALSE(limit.attempt("10.0.0.2"));
  clock.advance(*wait);
  EXPECT_FALSE(limit.attempt("10.0.0.1"));
}

}  // namespace
}  // namespace belfry::dashboard
