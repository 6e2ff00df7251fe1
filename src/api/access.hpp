#pragma once

#include <string>

#include "api/route.hpp"

namespace belfry::api {

// Who calls, by the token of `Authorization: Bearer TOKEN`, if the access is theirs. Fails with
// unauthenticated, invalid_token, token_expired or forbidden. Anyone's is an empty principal.
Result<auth::Principal> admit(const Services& services, const Access& access,
                              const http::Request& request);

// The admission of a caller who stays: a stream or a long poll ends with it.
class Admission {
 public:
  // Of a request that was admitted.
  explicit Admission(const Call& call);

  // Fails, as the next request would, once the token has expired or was revoked, or its tenant is
  // suspended.
  Result<> check() const;
  // From then on `check` fails, whatever else happens.
  Timestamp ends() const { return ends_; }

 private:
  const Services& services_;
  std::string token_;
  Timestamp ends_;
};

}  // namespace belfry::api
