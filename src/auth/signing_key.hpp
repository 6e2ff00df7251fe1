#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace belfry::auth {

// An ES256 key pair (P-256), parsed once. Immutable; copies share the parsed key. Thread-safe.
class SigningKey {
 public:
  static SigningKey generate();
  // What private_jwk() wrote. Fails with internal: a key comes from our own store only.
  static Result<SigningKey> from_private_jwk(const Secret& text);

  // The first 16 characters of the RFC 7638 thumbprint.
  const std::string& kid() const { return kid_; }
  // JWK as JSON, with the private part: seal it before it is stored.
  Secret private_jwk() const;
  // JWK as JSON for a JWKS: public part, kid, use and alg.
  std::string public_jwk() const;

  // A JWS in compact form with the header alg ES256, typ at+jwt, kid.
  std::string sign(std::string_view payload) const;
  // Is the signature good? `jws` has passed check_form of the verifier (three canonical base64url
  // parts, a JSON header with alg ES256, 64 bytes of signature): cjose aborts on less.
  bool verify(std::string_view jws) const;

 private:
  struct Parsed;
  static Result<SigningKey> from_scalar(const Secret& d);

  std::shared_ptr<const Parsed> parsed_;
  std::string kid_, x_, y_;
  Secret d_;
};

// RFC 7517 key set, public parts only: current, next and retiring keys.
std::string jwks(std::span<const SigningKey> keys);

}  // namespace belfry::auth
