#include "server/config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace belfry::server {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  ConfigResult read(std::vector<const char*> flags) {
    flags.insert(flags.begin(), "belfry-scheduler");
    return read_config(static_cast<int>(flags.size()), flags.data(), [this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
  }
  std::string file(const std::string& text) {
    const auto path =
        ::testing::TempDir() + "belfry-config-" + std::to_string(::getpid()) + ".toml";
    std::ofstream(path) << text;
    return path;
  }

  std::map<std::string, std::string> environment_;
};

TEST_F(ConfigTest, HasDefaults) {
  const auto result = read({});
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->listen.port, 8080);
  EXPECT_EQ(result.config->drain, std::chrono::milliseconds{25'000});
  EXPECT_FALSE(result.config->default_target_is_echo);
}

TEST_F(ConfigTest, BoundsTenantsAndSaysHowLongUnusedOnesStay) {
  const auto result = read({"--tenants-max", "5", "--unused-tenant-hours", "0"});
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->tenants_max, 5);
  EXPECT_EQ(result.config->unused_tenants_kept, std::chrono::hours{0});
  EXPECT_FALSE(result.config->registration) << "its default depends on the listener";
  EXPECT_FALSE(read({"--tenants-max", "0"}).config);
  EXPECT_FALSE(read({"--unused-tenant-hours", "-1"}).config);
}

TEST_F(ConfigTest, RegistrationIsOpenOnLoopbackAndClosedElsewhereUnlessTold) {
  using enum api::Registration;
  const auto of = [&](std::vector<const char*> flags) {
    return registration_of(*read(std::move(flags)).config);
  };
  EXPECT_EQ(of({}), open);
  EXPECT_EQ(of({"--listen", "[::1]:8080"}), open);
  EXPECT_EQ(of({"--listen", "0.0.0.0:8080"}), closed);
  EXPECT_EQ(of({"--listen", "192.0.2.1:8080"}), closed);
  EXPECT_EQ(of({"--listen", "0.0.0.0:8080", "--registration", "open"}), open);
  EXPECT_EQ(of({"--registration", "closed"}), closed);
}

TEST_F(ConfigTest, TheDrainIsBounded) {
  EXPECT_EQ(read({"--drain-ms", "600000"}).config->drain, std::chrono::minutes{10});
  for (const auto* value : {"600001", "-1", "99999999999999999999"}) {
    const auto result = read({"--drain-ms", value});
    ASSERT_FALSE(result.config) << value;
    ASSERT_EQ(result.mistakes.size(), 1U);
    EXPECT_EQ(result.mistakes[0], "--drain-ms: must be milliseconds from 0 to 600000");
  }
}

TEST_F(ConfigTest, ASwitchNeedsNoValue) {
  EXPECT_FALSE(read({}).config->restored);
  EXPECT_TRUE(read({"--restored"}).config->restored);
  EXPECT_TRUE(read({"--restored", "--drain-ms", "7"}).config->restored);
  EXPECT_FALSE(read({"--restored=false"}).config->restored);
  environment_ = {{"BELFRY_RESTORED", "true"}};
  EXPECT_TRUE(read({}).config->restored);
}

TEST_F(ConfigTest, ASecretAmongTheFlagsIsWarnedOf) {
  const auto flag = read({"--registration", "invite", "--invitation", "0123456789abcdef"});
  ASSERT_TRUE(flag.config);
  ASSERT_EQ(flag.warnings.size(), 1U);
  EXPECT_EQ(flag.warnings[0].find("0123456789abcdef"), std::string::npos);
  environment_ = {{"BELFRY_INVITATION", "0123456789abcdef"}};
  EXPECT_TRUE(read({"--registration", "invite"}).warnings.empty());
}

TEST_F(ConfigTest, FlagsBeatEnvironmentBeatsFile) {
  const auto path = file("listen = '127.0.0.1:1'\ndata = '/file'\ndrain-ms = 7\n");
  environment_ = {
      {"BELFRY_LISTEN", "127.0.0.1:2"}, {"BELFRY_DATA", "/environment"}, {"BELFRY_CONFIG", path}};
  const auto result = read({"--listen", "127.0.0.1:3"});
  ASSERT_TRUE(result.config) << result.mistakes.at(0);
  EXPECT_EQ(result.config->listen.port, 3);
  EXPECT_EQ(result.config->data, "/environment");
  EXPECT_EQ(result.config->drain, std::chrono::milliseconds{7});
}

TEST_F(ConfigTest, TellsAllMistakesAtOnce) {
  const auto path = file("lisen = 'x'\ndrain-ms = -1\n");
  environment_ = {{"BELFRY_DEFAULT_TARGET", "ecko"}};
  const auto result = read({"--config", path.c_str(), "--listen", "nowhere", "--tls-cert", "a",
                            "--trusted-proxy", "10.0.0.1/8", "--nonsense"});
  EXPECT_FALSE(result.config);
  std::string all;
  for (const auto& mistake : result.mistakes) all += mistake + "\n";
  for (const auto* part : {"lisen", "drain-ms", "BELFRY_DEFAULT_TARGET", "--listen", "--tls-cert",
                           "10.0.0.1/8", "--nonsense"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " is not in:\n" << all;
  }
}

TEST_F(ConfigTest, RepeatsWhatMayRepeat) {
  environment_ = {{"BELFRY_CORS_ORIGIN", "https://a.example, https://b.example"}};
  const auto result = read({"--egress-allow", "10.0.0.0/8", "--egress-allow", "::1/128"});
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->egress_allow.size(), 2U);
  EXPECT_EQ(result.config->cors_origins,
            (std::vector<std::string>{"https://a.example", "https://b.example"}));
}

TEST_F(ConfigTest, ExplainsItself) {
  const auto result = read({"--help"});
  EXPECT_NE(result.output.find("--listen"), std::string::npos);
  EXPECT_NE(result.output.find("BELFRY_EGRESS_ALLOW"), std::string::npos);
  EXPECT_FALSE(result.config);
}

}  // namespace
}  // namespace belfry::server
