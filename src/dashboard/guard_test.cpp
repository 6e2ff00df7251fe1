#include "dashboard/guard.hpp"

#include <gtest/gtest.h>

#include "dashboard/config.hpp"
#include "dashboard/page.hpp"

namespace belfry::dashboard {
namespace {

http::Request with(std::initializer_list<std::pair<std::string, std::string>> headers) {
  http::Request request;
  request.method = http::Method::post;
  request.headers = headers;
  return request;
}

TEST(Guard, TellsWhatCannotBeAKey) {
  const std::string digits(33, '0');
  EXPECT_TRUE(could_be_key("bfk_" + digits));
  EXPECT_TRUE(could_be_key("bfo_" + digits));
  EXPECT_FALSE(could_be_key("bfx_" + digits));
  EXPECT_FALSE(could_be_key("bfk_" + digits + "0"));
  EXPECT_FALSE(could_be_key("bfk_" + digits.substr(1) + " "));
  EXPECT_FALSE(could_be_key(""));
}

TEST(Guard, OnlyLoopbackOrAllowedHosts) {
  Settings settings;
  settings.allowed_hosts = {"belfry.test"};
  for (const auto* good : {"localhost:8083", "127.0.0.1", "[::1]:8083", "Belfry.Test:443"}) {
    EXPECT_TRUE(check_host(settings, with({{"Host", good}}))) << good;
  }
  for (const auto* bad : {"evil.example", "localhost.evil.example", "127.evil.example", ""}) {
    EXPECT_FALSE(check_host(settings, with({{"Host", bad}}))) << bad;
  }
}

// In a container the listener is 0.0.0.0 and its port is published on the host's loopback.
TEST(Guard, AllowedHostsHoldForEveryListener) {
  Settings settings;
  settings.loopback_listener = false;
  EXPECT_TRUE(check_host(settings, with({{"Host", "anything.example"}})));
  settings.allowed_hosts = {"belfry.test"};
  EXPECT_TRUE(check_host(settings, with({{"Host", "belfry.test:8083"}})));
  EXPECT_TRUE(check_host(settings, with({{"Host", "localhost:8083"}})));
  EXPECT_FALSE(check_host(settings, with({{"Host", "anything.example"}})));
}

TEST(Guard, ChangesComeFromTheOwnOrigin) {
  const std::string host = "127.0.0.1:8083";
  EXPECT_TRUE(check_origin(with({{"Host", host}})));
  EXPECT_TRUE(check_origin(with({{"Host", host}, {"Origin", "http://" + host}})));
  EXPECT_TRUE(check_origin(
      with({{"Host", host}, {"Origin", "https://" + host}, {"Sec-Fetch-Site", "same-origin"}})));
  for (const auto* origin : {"http://evil.example", "http://127.0.0.1:8084", "null", "",
                             "http://127.0.0.1:8083.evil.example"}) {
    EXPECT_FALSE(check_origin(with({{"Host", host}, {"Origin", origin}}))) << origin;
  }
  for (const auto* site : {"cross-site", "same-site", "none"}) {
    EXPECT_FALSE(check_origin(with({{"Host", host}, {"Sec-Fetch-Site", site}}))) << site;
  }
}

TEST(Guard, TheCsrfTokenIsTheSessions) {
  Session session;
  session.csrf = "token";
  EXPECT_TRUE(check_csrf(session, with({{"X-CSRF-Token", "token"}})));
  EXPECT_FALSE(check_csrf(session, with({{"X-CSRF-Token", "tokem"}})));
  EXPECT_FALSE(check_csrf(session, with({})));
  EXPECT_FALSE(check_csrf(session, with({{"X-CSRF-Token", ""}})));
}

TEST(Page, IsMadeForEachAnswer) {
  Settings settings;
  settings.prefix = "/belfry";
  const Page page(settings);
  const auto one = page.answer("/");
  const auto other = page.answer("/tasks/0197");
  EXPECT_NE(one.body.find(R"(<base href="/belfry/")"), std::string::npos);
  EXPECT_EQ(one.body.find("__BELFRY"), std::string::npos);
  EXPECT_NE(one.headers.get("Content-Security-Policy"),
            other.headers.get("Content-Security-Policy"))
      << "a fresh nonce";
  EXPECT_EQ(page.answer("/assets/none.js").status, 404);
  EXPECT_EQ(page.answer("/robots.txt").status, 404);
  EXPECT_EQ(page.answer("/queues/mail.v2").status, 200) << "a queue's name may have dots";
  EXPECT_EQ(page.answer("/icon.svg").headers.get("Content-Encoding"), "gzip");
}

TEST(Options, AllMistakesAtOnce) {
  const char* argv[] = {"belfry-dashboard", "--listen", "nowhere",    "--scheduler", "ftp://x",
                        "--prefix",         "a b",      "--tls-cert", "c.pem",       "--what"};
  const auto read = read_config(10, argv, [](const char*) -> const char* { return nullptr; });
  EXPECT_FALSE(read.config);
  EXPECT_EQ(read.mistakes.size(), 5U);
}

TEST(Options, TheSchedulerIsFoundByEitherVariable) {
  const char* argv[] = {"belfry-dashboard", "--prefix", "/b/"};
  const auto read = read_config(3, argv, [](const char* name) -> const char* {
    return std::string_view(name) == "SCHEDULER_URL" ? "http://scheduler:9999" : nullptr;
  });
  ASSERT_TRUE(read.config);
  EXPECT_EQ(read.config->settings.scheduler.authority(), "scheduler:9999");
  EXPECT_EQ(read.config->settings.prefix, "/b");
}

TEST(Guard, JsonIsNamedByItsWholeMediaType) {
  const auto accepts = [](const char* type) {
    auto request = with({{"Content-Type", type}});
    request.body = "{}";
    return check_json(request).has_value();
  };
  for (const auto* good : {"application/json", "Application/JSON;charset=utf-8"}) {
    EXPECT_TRUE(accepts(good)) << good;
  }
  for (const auto* bad : {"application/jsonl", "application/json-seq", "text/html; x=+json", ""}) {
    EXPECT_FALSE(accepts(bad)) << bad;
  }
}

}  // namespace
}  // namespace belfry::dashboard
