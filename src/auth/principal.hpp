#pragma once

#include <string>

#include "auth/scopes.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"

namespace belfry::auth {

// Who calls, as a verified token tells.
struct Principal {
  TenantId tenant;  // empty for the operator
  Scopes scopes;
  ApiKeyId key;     // the key that the token was issued to; empty for the operator
  std::string jti;  // the token's own id, for revocation
  Timestamp expires;

  bool is_operator() const { return scopes.contains(Scope::operator_); }
};

}  // namespace belfry::auth
