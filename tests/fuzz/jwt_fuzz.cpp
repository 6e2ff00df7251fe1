// Tokens: hostile base64 first. No bytes may crash the verifier (cjose aborts on malformed base64),
// and nothing but the good token verifies, whatever is spliced into it.
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/token_issuer.hpp"
#include "auth/token_verifier.hpp"
#include "base/check.hpp"

namespace {

struct Fixture {
  belfry::ManualClock clock;
  belfry::auth::TokenNames names{"http://127.0.0.1", "belfry"};
  belfry::auth::SigningKey key = belfry::auth::SigningKey::generate();
  belfry::auth::TokenVerifier verifier{names, {key}};
  std::string good;
  Fixture() {
    belfry::auth::TokenIssuer issuer(clock, names);
    issuer.set_key(key);
    good = issuer
               .issue(belfry::TenantId{{1, 2}}, belfry::ApiKeyId{{3, 4}},
                      belfry::auth::Scopes::all_of_tenant())
               .token;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CHECK(!fixture.verifier.verify(text, fixture.clock.now()));
  if (size < 2) return 0;
  // The rest of the input replaces a part of the good token.
  const auto at = (static_cast<std::size_t>(data[0]) << 8 | data[1]) % fixture.good.size();
  auto spliced = fixture.good;
  spliced.replace(at, size - 2, text.substr(2));
  const bool verified = fixture.verifier.verify(spliced, fixture.clock.now()).has_value();
  CHECK(verified == (spliced == fixture.good));
  return 0;
}
