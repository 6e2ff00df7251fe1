#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "auth/token_verifier.hpp"
#include "base/clock.hpp"
#include "fault.hpp"

namespace belfry::fuzz {

using Verify = std::function<bool(std::string_view token)>;

// A fixed key and a good token of it, so that the corpus can hold tokens that are properly signed
// and wrong otherwise, and a finding repeats.
struct TokenFixture {
  TokenFixture();
  Timestamp now;
  auth::TokenVerifier verifier;
  std::string good;
  Verify verify() const;
};

// Any bytes as a token: only the good one verifies. And spliced into the good one, at the place
// that the first two bytes name: then, too, only if nothing changed.
Fault judge_token(std::string_view input, std::string_view good, const Verify& verify);

}  // namespace belfry::fuzz
