#include "jwt_oracle.hpp"

#include "auth/signing_key.hpp"

namespace belfry::fuzz {
namespace {

// SHA-256 of "belfry fuzz key": nobody's secret.
constexpr const char* kKey =
    R"({"kty":"EC","crv":"P-256","x":"Ei39pNa4IdkLLQO0MqOJiqPY4eHwULxLKpvkxyvVG-E","y":"p0K)"
    R"(HRFiKtsDL-6nXmI6yr2gVBZ1XljXACq9GbLI4MCE","d":"I4ok-_67qfPCYM-b8oVbRxE4GDQEt71iEgPUi)"
    R"(FINTGM"})";
// Issued at the clock's start below, for an hour.
constexpr std::string_view kGood =
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogImF0K2p3dCIsICJraWQiOiAiMzZjUUx1ZEVnU3RxWWc0ZiJ9.eyJ"
    "pc3MiOiAiaHR0cDovLzEyNy4wLjAuMSIsICJhdWQiOiAiYmVsZnJ5IiwgInN1YiI6ICIwMDAwMDAwMC0wMDA"
    "wLTAwMDEtMDAwMC0wMDAwMDAwMDAwMDIiLCAiY2xpZW50X2lkIjogIjAwMDAwMDAwLTAwMDAtMDAwMy0wMDA"
    "wLTAwMDAwMDAwMDAwNCIsICJqdGkiOiAiMDE4YmNmZTUtNjgwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiw"
    "gInNjb3BlIjogInRhc2tzOnJlYWQgdGFza3M6d3JpdGUgd29ya2VyIG1hbmFnZSIsICJpYXQiOiAxNzAwMDA"
    "wMDAwLCAiZXhwIjogMTcwMDAwMzYwMH0.2S6-9kfNqBed__W0iWnwfK1RwGxXEZmzaYrnuofDLF8qAFSV3RF"
    "33rz9jTUmVRt-IvTmYfw5s9C-QPKqZIdM7g";
constexpr Timestamp kNow{Millis{1'700'000'000'000}};

}  // namespace

TokenFixture::TokenFixture()
    : now(kNow),
      verifier({"http://127.0.0.1", "belfry"}, {*auth::SigningKey::from_private_jwk(Secret(kKey))}),
      good(kGood) {}

Verify TokenFixture::verify() const {
  return [this](std::string_view token) { return verifier.verify(token, now).has_value(); };
}

Fault judge_token(std::string_view input, std::string_view good, const Verify& verify) {
  if (verify(input) && input != good) return "a token that nobody issued verifies";
  if (input.size() < 2) return {};
  const auto first = static_cast<unsigned char>(input[0]);
  const auto at = (std::size_t{first} << 8 | static_cast<unsigned char>(input[1])) % good.size();
  std::string spliced(good);
  spliced.replace(at, input.size() - 2, input.substr(2));
  if (verify(spliced) != (spliced == good)) {
    return spliced == good ? "the good token does not verify" : "a changed token verifies";
  }
  return {};
}

}  // namespace belfry::fuzz
