// The fuzz targets' own controls: the product passes over the whole corpus, and a product with a
// planted bug is reported.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "api/cursor.hpp"
#include "base/encoding.hpp"
#include "cursor_oracle.hpp"
#include "head_oracle.hpp"
#include "http/egress.hpp"
#include "json/check.hpp"
#include "json_oracle.hpp"
#include "jwt_oracle.hpp"
#include "url_guard_oracle.hpp"

namespace belfry::fuzz {
namespace {

namespace ip = boost::asio::ip;

std::vector<std::string> corpus(const std::string& target) {
  std::vector<std::string> all;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(BELFRY_CORPUS) + "/" + target)) {
    std::ifstream file(entry.path(), std::ios::binary);
    all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

// How many inputs of the corpus the judge reports.
template <class Judge>
int reported(const std::string& target, const Judge& judge) {
  int count = 0;
  for (const auto& input : corpus(target)) count += judge(input).has_value() ? 1 : 0;
  return count;
}

template <class Judge>
void expect_quiet(const std::string& target, const Judge& judge) {
  EXPECT_GE(corpus(target).size(), 10u);
  for (const auto& input : corpus(target)) {
    const auto fault = judge(input);
    EXPECT_FALSE(fault) << *fault << "\n" << hex_encode(input);
  }
}

// --- addresses ---

Guard guard_with(const std::vector<std::string>& opened) {
  return
      [policy = *http::EgressPolicy::make(opened)](const ip::address& address, std::uint16_t port) {
        return policy.allows(address, port);
      };
}

Fault judge_guarded(std::string_view input, const Guard& guard) {
  return judge_url_guard({reinterpret_cast<const std::uint8_t*>(input.data()), input.size()},
                         guard);
}

std::vector<std::uint8_t> bytes_of(const ip::address& address) {
  if (address.is_v4()) {
    const auto four = address.to_v4().to_bytes();
    return {four.begin(), four.end()};
  }
  const auto sixteen = address.to_v6().to_bytes();
  return {sixteen.begin(), sixteen.end()};
}

// The address one above or below, or nothing at the end of the numbers.
std::optional<std::vector<std::uint8_t>> beside(std::vector<std::uint8_t> address, int step) {
  for (auto byte = address.rbegin(); byte != address.rend(); ++byte) {
    *byte = static_cast<std::uint8_t>(*byte + step);
    if (*byte != (step > 0 ? 0x00 : 0xff)) return address;
  }
  return std::nullopt;
}

TEST(UrlGuardOracle, IsQuietAboutTheGuard) {
  const auto guard = guard_with({});
  expect_quiet("url_guard", [&](std::string_view input) { return judge_guarded(input, guard); });
}

TEST(UrlGuardOracle, AgreesWithTheGuardAtBothEndsOfEachRange) {
  const auto guard = guard_with({});
  for (const auto& range : forbidden_ranges()) {
    for (const auto* end : {range.first, range.last}) {
      const auto address = bytes_of(ip::make_address(end));
      EXPECT_TRUE(is_forbidden(address)) << end;
      EXPECT_FALSE(guard(ip::make_address(end), 443)) << end;
      for (const int step : {-1, 1}) {
        const auto neighbour = beside(address, step);
        if (!neighbour) continue;
        const auto text =
            neighbour->size() == 4
                ? ip::address(ip::make_address_v4(std::array{(*neighbour)[0], (*neighbour)[1],
                                                             (*neighbour)[2], (*neighbour)[3]}))
                : [&] {
                    ip::address_v6::bytes_type all;
                    std::ranges::copy(*neighbour, all.begin());
                    return ip::address(ip::address_v6(all));
                  }();
        EXPECT_EQ(guard(text, 443), !is_forbidden(*neighbour)) << text.to_string();
      }
    }
  }
  for (const auto* open : {"8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"}) {
    EXPECT_FALSE(is_forbidden(bytes_of(ip::make_address(open)))) << open;
    EXPECT_TRUE(guard(ip::make_address(open), 443)) << open;
  }
  EXPECT_TRUE(is_forbidden(bytes_of(ip::make_address("64:ff9b::a00:1"))));
}

// A guard from which one range is missing is found by the corpus, whichever range it is.
TEST(UrlGuardOracle, ReportsAGuardWithoutOneRange) {
  EXPECT_EQ(forbidden_ranges().size(), 28u);
  for (const auto& range : forbidden_ranges()) {
    const auto guard = guard_with({range.cidr});
    EXPECT_GT(reported("url_guard", [&](auto input) { return judge_guarded(input, guard); }), 0)
        << range.cidr;
  }
  const auto nat64 = guard_with({"64:ff9b::/96"});
  EXPECT_GT(reported("url_guard", [&](auto input) { return judge_guarded(input, nat64); }), 0);
}

TEST(UrlGuardOracleDeathTest, AFaultEndsTheFuzzer) {
  const auto guard = guard_with({"10.0.0.0/8"});
  EXPECT_DEATH(abort_on(judge_url("http://10.0.0.1/", guard)), "the guard lets 10.0.0.1 through");
  abort_on(judge_url("http://10.0.0.1/", guard_with({})));
}

// --- heads ---

TEST(HeadOracle, IsQuietAboutTheCheck) {
  expect_quiet("header_check",
               [](std::string_view input) { return judge_head(input, real_heads()); });
}

// Checks that repair what they should refuse: each drops one kind of fault before it looks.
TEST(HeadOracle, ReportsALenientCheck) {
  const auto replaced = [](std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
    return text;
  };
  const auto lenient = [&](std::string_view from, std::string_view to) {
    return [=](std::string_view input) {
      const HeadCheck repairing{[](std::string_view received) {
                                  const auto end = received.find("\r\n\r\n");
                                  return end == std::string_view::npos ? 0 : end + 4;
                                },
                                [&](std::string_view block) {
                                  return http::check_head(replaced(std::string(block), from, to),
                                                          {});
                                }};
      return judge_head(input, repairing);
    };
  };
  const std::string twice = "Content-Length: 1\r\nContent-Length: 1\r\n";
  EXPECT_EQ(reported("header_check", lenient("no such text", "")), 0);
  EXPECT_GT(reported("header_check", lenient(twice, "Content-Length: 1\r\n")), 0);
  EXPECT_GT(reported("header_check", lenient("Content-Length: 1\r\nT", "T")), 0);
  EXPECT_GT(reported("header_check", lenient("\r\n ", " ")), 0);
  EXPECT_GT(reported("header_check", lenient("a\rb", "ab")), 0);
  EXPECT_GT(reported("header_check", lenient("a\nX", "a\r\nX")), 0);
  EXPECT_GT(reported("header_check", lenient(std::string_view("a\0b", 3), "ab")), 0);
  EXPECT_GT(reported("header_check", lenient("Host: a\r\nHost: a", "Host: a")), 0);
  EXPECT_GT(reported("header_check", lenient("authorization: x\r\n", "")), 0);
}

// --- JSON ---

bool real_json(std::string_view text) {
  return json::check(text).has_value();
}

TEST(JsonOracle, IsQuietAboutTheCheck) {
  expect_quiet("json", [](std::string_view input) { return judge_json(input, real_json); });
}

TEST(JsonOracle, ReportsALaxAndAStrictCheck) {
  EXPECT_GT(
      reported("json", [](auto text) { return judge_json(text, [](auto) { return false; }); }), 0);
  const auto takes = [](ErrorCode code) {
    return [code](std::string_view text) {
      return judge_json(text, [code](std::string_view t) {
        const auto checked = json::check(t);
        return checked || checked.error().code == code;
      });
    };
  };
  for (const auto code : {ErrorCode::duplicate_key, ErrorCode::invalid_encoding,
                          ErrorCode::json_too_deep, ErrorCode::invalid_json}) {
    EXPECT_GT(reported("json", takes(code)), 0) << name(code);
  }
}

// --- cursors ---

std::optional<Uuid> real_read(TenantId tenant, std::string_view scope, std::string_view text) {
  const auto place = api::read_cursor(tenant, scope, text);
  return place ? std::optional(*place) : std::nullopt;
}

auto judge_with(Cursors cursors) {
  return [cursors](std::string_view input) { return judge_cursor(input, cursors); };
}

TEST(CursorOracle, IsQuietAboutCursors) {
  expect_quiet("cursor", judge_with({api::make_cursor, real_read}));
}

TEST(CursorOracle, ReportsCursorsThatAreNotBound) {
  const auto no_tenant = [](TenantId, std::string_view s, Uuid p) {
    return api::make_cursor(TenantId{{9, 9}}, s, p);
  };
  const auto any_tenant = [](TenantId, std::string_view s, std::string_view t) {
    return real_read(TenantId{{9, 9}}, s, t);
  };
  EXPECT_GT(reported("cursor", judge_with({no_tenant, any_tenant})), 0);
  const auto no_scope = [](TenantId tenant, std::string_view, Uuid p) {
    return api::make_cursor(tenant, "", p);
  };
  const auto any_scope = [](TenantId tenant, std::string_view, std::string_view t) {
    return real_read(tenant, "", t);
  };
  EXPECT_GT(reported("cursor", judge_with({no_scope, any_scope})), 0);
  const auto padded = [](TenantId tenant, std::string_view s, std::string_view t) {
    while (t.ends_with('=')) t.remove_suffix(1);
    return real_read(tenant, s, t);
  };
  EXPECT_GT(reported("cursor", judge_with({api::make_cursor, padded})), 0);
  const auto unsigned_ = [](TenantId, std::string_view, std::string_view t) -> std::optional<Uuid> {
    const auto bytes = base64url_decode(t);
    if (!bytes || bytes->size() != 33) return std::nullopt;
    return Uuid{};
  };
  EXPECT_GT(reported("cursor", judge_with({api::make_cursor, unsigned_})), 0);
}

// --- tokens ---

TEST(TokenOracle, IsQuietAboutTheVerifier) {
  const TokenFixture fixture;
  ASSERT_TRUE(fixture.verify()(fixture.good)) << "the fixed token is good, or nothing is shown";
  expect_quiet("jwt", [&](std::string_view input) {
    return judge_token(input, fixture.good, fixture.verify());
  });
}

TEST(TokenOracle, ReportsAVerifierThatLooksAway) {
  const TokenFixture fixture;
  const auto found = [&](const Verify& verify) {
    return reported("jwt", [&](auto input) { return judge_token(input, fixture.good, verify); });
  };
  EXPECT_GT(found([](auto) { return true; }), 0);
  EXPECT_GT(found([](auto) { return false; }), 0);
  // One that takes every spelling of the last digit, as cjose does.
  EXPECT_GT(found([&](std::string_view token) {
              const auto real = fixture.verify();
              return real(token) || (token.size() == fixture.good.size() &&
                                     token.starts_with(fixture.good.substr(0, token.size() - 1)));
            }),
            0);
  // One with another idea of the names, or of the time.
  const auto other_time = [&](std::string_view token) {
    return fixture.verifier.verify(token, fixture.now + Millis{-3'600'000}).has_value() ||
           fixture.verify()(token);
  };
  EXPECT_GT(found(other_time), 0);
}

}  // namespace
}  // namespace belfry::fuzz
