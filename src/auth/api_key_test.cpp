#include "auth/api_key.hpp"

#include <gtest/gtest.h>

#include <set>

#include "auth/scopes.hpp"
#include "base/encoding.hpp"

namespace belfry::auth {
namespace {

TEST(ApiKey, GeneratedKeysHaveTheirFormAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const auto key = generate_api_key(KeyKind::tenant);
    EXPECT_EQ(key.reveal().size(), kApiKeyLength);
    EXPECT_TRUE(key.reveal().starts_with("bfk_"));
    EXPECT_EQ(check_format(key.reveal()).value(), KeyKind::tenant);
    EXPECT_TRUE(seen.emplace(key.reveal()).second);
  }
  const auto operators = generate_api_key(KeyKind::operator_);
  EXPECT_EQ(check_format(operators.reveal()).value(), KeyKind::operator_);
}

TEST(ApiKey, EverySingleTypoIsCaught) {
  const std::string key(generate_api_key(KeyKind::tenant).reveal());
  for (std::size_t i = 0; i < key.size(); ++i) {
    auto typo = key;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(check_format(typo)) << i;
  }
  for (std::size_t i = 4; i + 1 < key.size(); ++i) {
    auto swapped = key;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_EQ(check_format(swapped).has_value(), swapped == key) << i;
  }
}

TEST(ApiKey, HostileTextsAreRefusedWithAMessage) {
  const std::string key(generate_api_key(KeyKind::tenant).reveal());
  for (const auto& bad :
       {std::string(), std::string("bfk_"), key.substr(1), key.substr(0, 36), key + "0", key + "\n",
        " " + key, "bfo_" + key.substr(4), "BFK_" + key.substr(4), std::string(100'000, 'a'),
        "bfk_" + std::string(33, '\0'), "bfk_" + std::string(33, '\xff')}) {
    const auto result = check_format(bad);
    ASSERT_FALSE(result) << bad.substr(0, 50);
    EXPECT_EQ(result.error().code, ErrorCode::unauthenticated);
    EXPECT_FALSE(result.error().message.empty());
  }
}

TEST(ApiKey, HashAndDisplayPrefix) {
  EXPECT_EQ(hex_encode(hash_api_key("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(display_prefix("bfk_12345678"), "bfk_1234");
}

TEST(Scopes, TextRoundTripsInAFixedOrder) {
  EXPECT_EQ(to_string(Scopes{Scope::worker, Scope::tasks_read}), "tasks:read worker");
  EXPECT_EQ(parse_scopes("worker tasks:read").value(), (Scopes{Scope::tasks_read, Scope::worker}));
  EXPECT_TRUE(parse_scopes("").value().empty());
  for (std::uint32_t bits = 0; bits < 32; ++bits) {
    const auto scopes = Scopes::from_bits(bits).value();
    EXPECT_EQ(parse_scopes(to_string(scopes)).value().bits(), bits);
  }
  EXPECT_FALSE(Scopes::from_bits(32));
}

TEST(Scopes, OtherTextsAreRefused) {
  for (const auto* bad : {" ", "worker ", " worker", "worker  manage", "Worker", "worker worker",
                          "admin", "worker,manage", "worker\tmanage"}) {
    EXPECT_FALSE(parse_scopes(bad)) << bad;
  }
}

TEST(Scopes, AKeyCreatesOnlyScopesItHolds) {
  const Scopes holder{Scope::tasks_read, Scope::manage};
  EXPECT_TRUE(holder.includes({Scope::tasks_read}));
  EXPECT_TRUE(holder.includes({}));
  EXPECT_FALSE(holder.includes({Scope::tasks_read, Scope::worker}));
  EXPECT_FALSE(Scopes::all_of_tenant().contains(Scope::operator_));
  EXPECT_TRUE(holder.intersects({Scope::manage, Scope::worker}));
  EXPECT_FALSE(holder.intersects({Scope::worker}));
}

}  // namespace
}  // namespace belfry::auth
