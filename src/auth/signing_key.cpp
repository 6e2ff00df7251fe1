#include "auth/signing_key.hpp"

#include <cjose/header.h>
#include <cjose/jwk.h>
#include <cjose/jws.h>
#include <sodium/crypto_hash_sha256.h>

#include <cstdlib>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"
#include "json/check.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace belfry::auth {
namespace {

constexpr std::size_t kScalarBytes = 32;
constexpr std::size_t kKidLength = 16;

struct Free {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
  void operator()(cjose_header_t* header) const { cjose_header_release(header); }
  void operator()(char* text) const { std::free(text); }
};
using Jws = std::unique_ptr<cjose_jws_t, Free>;
using Header = std::unique_ptr<cjose_header_t, Free>;
using CText = std::unique_ptr<char, Free>;

std::string sha256(std::string_view text) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return hash;
}

// RFC 7638: the required members in alphabetic order, without spaces.
std::string thumbprint(const std::string& x, const std::string& y) {
  return base64url_encode(
      sha256(R"({"crv":"P-256","kty":"EC","x":")" + x + R"(","y":")" + y + R"("})"));
}

std::optional<std::string> member(std::string_view json, std::string_view name) {
  const auto value = json::Value(json).find(name);
  return value ? value->string() : std::nullopt;
}

std::unexpected<Error> bad_key() {
  return fail(ErrorCode::internal, "a stored signing key is not a private P-256 JWK");
}

}  // namespace

struct SigningKey::Parsed {
  explicit Parsed(cjose_jwk_t* key) : jwk(key) {}
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  ~Parsed() { cjose_jwk_release(jwk); }
  cjose_jwk_t* jwk;
};

// The private scalar is kept beside the parsed key, because cjose's own export of it is not trusted
// with leading zero bytes.
Result<SigningKey> SigningKey::from_scalar(const Secret& d) {
  CHECK(d.reveal().size() == kScalarBytes);
  std::string scalar(d.reveal());
  const Secret wiped_copy(scalar);
  cjose_jwk_ec_keyspec spec{};
  spec.crv = CJOSE_JWK_EC_P_256;
  spec.d = reinterpret_cast<std::uint8_t*>(scalar.data());
  spec.dlen = scalar.size();
  cjose_err error{};
  auto* jwk = cjose_jwk_create_EC_spec(&spec, &error);
  ::explicit_bzero(scalar.data(), scalar.size());
  if (jwk == nullptr) return bad_key();
  SigningKey key;
  key.parsed_ = std::make_shared<Parsed>(jwk);
  const CText text(cjose_jwk_to_json(jwk, false, &error));
  if (!text || !json::check(text.get())) return bad_key();
  const auto x = member(text.get(), "x"), y = member(text.get(), "y");
  if (!x || !y) return bad_key();
  key.x_ = *x;
  key.y_ = *y;
  key.d_ = d;
  key.kid_ = thumbprint(key.x_, key.y_).substr(0, kKidLength);
  return key;
}

SigningKey SigningKey::generate() {
  for (;;) {
    Secret d(secure_random_bytes(kScalarBytes));
    // The order of P-256 begins with 32 one bits: anything that does not is below it.
    if (d.reveal().starts_with("\xff\xff\xff\xff")) continue;
    auto key = from_scalar(d);
    CHECK(key.has_value());
    return *std::move(key);
  }
}

Result<SigningKey> SigningKey::from_private_jwk(const Secret& text) {
  const auto json = text.reveal();
  if (!json::check(json, 2)) return bad_key();
  if (member(json, "kty") != "EC" || member(json, "crv") != "P-256") return bad_key();
  const auto d = member(json, "d");
  if (!d) return bad_key();
  auto scalar = base64url_decode(*d);
  if (!scalar || scalar->size() != kScalarBytes) return bad_key();
  auto key = from_scalar(Secret(*std::move(scalar)));
  if (!key) return key;
  if (member(json, "x") != key->x_ || member(json, "y") != key->y_) return bad_key();
  return key;
}

Secret SigningKey::private_jwk() const {
  std::string out;
  json::Writer(out)
      .begin_object()
      .field("kty", "EC")
      .field("crv", "P-256")
      .field("x", x_)
      .field("y", y_)
      .field("d", base64url_encode(d_.reveal()))
      .end_object();
  return Secret(std::move(out));
}

std::string SigningKey::public_jwk() const {
  std::string out;
  json::Writer(out)
      .begin_object()
      .field("kty", "EC")
      .field("crv", "P-256")
      .field("x", x_)
      .field("y", y_)
      .field("kid", kid_)
      .field("use", "sig")
      .field("alg", "ES256")
      .end_object();
  return out;
}

std::string SigningKey::sign(std::string_view payload) const {
  cjose_err error{};
  const Header header(cjose_header_new(&error));
  CHECK(header != nullptr);
  CHECK(cjose_header_set(header.get(), CJOSE_HDR_ALG, CJOSE_HDR_ALG_ES256, &error));
  CHECK(cjose_header_set(header.get(), "typ", "at+jwt", &error));
  CHECK(cjose_header_set(header.get(), CJOSE_HDR_KID, kid_.c_str(), &error));
  const Jws jws(cjose_jws_sign(parsed_->jwk, header.get(),
                               reinterpret_cast<const std::uint8_t*>(payload.data()),
                               payload.size(), &error));
  CHECK(jws != nullptr);
  const char* compact = nullptr;
  CHECK(cjose_jws_export(jws.get(), &compact, &error));
  return compact;
}

bool SigningKey::verify(std::string_view jws) const {
  cjose_err error{};
  const Jws parsed(cjose_jws_import(jws.data(), jws.size(), &error));
  return parsed && cjose_jws_verify(parsed.get(), parsed_->jwk, &error);
}

std::string jwks(std::span<const SigningKey> keys) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("keys").begin_array();
  for (const auto& key : keys) writer.raw(key.public_jwk());
  writer.end_array().end_object();
  return out;
}

}  // namespace belfry::auth
