#include "auth/sealed_box.hpp"

#include <sodium.h>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"

namespace belfry::auth {
namespace {

constexpr std::string_view kForm = "x1.";
constexpr std::size_t kKeyIdLength = 8;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(SealedBox::kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

unsigned char* octets(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

SealedBox::Key SealedBox::make_key(const Secret& bytes) {
  CHECK(bytes.reveal().size() == kKeyBytes);
  // A keyed hash: the id tells nothing about the key.
  std::string id(crypto_generichash_BYTES_MIN, '\0');
  constexpr std::string_view kPurpose = "belfry master key id";
  crypto_generichash(octets(id), id.size(), octets(kPurpose), kPurpose.size(),
                     octets(bytes.reveal()), kKeyBytes);
  return {hex_encode(id).substr(0, kKeyIdLength), bytes};
}

SealedBox::SealedBox(const Secret& master, const std::vector<Secret>& previous) {
  CHECK(sodium_init() >= 0);
  keys_.push_back(make_key(master));
  for (const auto& key : previous) keys_.push_back(make_key(key));
}

std::string SealedBox::seal(const Secret& plain, std::string_view associated) const {
  const auto nonce = secure_random_bytes(kNonceBytes);
  const auto text = plain.reveal();
  std::string box(text.size() + kTagBytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      octets(box), nullptr, octets(text), text.size(), octets(associated), associated.size(),
      nullptr, octets(std::string_view(nonce)), octets(keys_.front().bytes.reveal()));
  return std::string(kForm) + keys_.front().id + "." + base64url_encode(nonce + box);
}

Result<Secret> SealedBox::open(std::string_view sealed, std::string_view associated) const {
  constexpr auto kHead = kForm.size() + kKeyIdLength + 1;
  if (!sealed.starts_with(kForm) || sealed.size() < kHead || sealed[kHead - 1] != '.') {
    return fail(ErrorCode::internal, "a sealed secret has an unknown form");
  }
  const auto bytes = base64url_decode(sealed.substr(kHead));
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) {
    return fail(ErrorCode::internal, "a sealed secret is damaged");
  }
  const auto id = sealed.substr(kForm.size(), kKeyIdLength);
  const auto key = std::find_if(keys_.begin(), keys_.end(),
                                [id](const Key& candidate) { return candidate.id == id; });
  if (key == keys_.end()) {
    return fail(ErrorCode::internal,
                "a secret is sealed with another master key; restore that key file");
  }
  const auto box = std::string_view(*bytes).substr(kNonceBytes);
  std::string plain(box.size() - kTagBytes, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      octets(plain), nullptr, nullptr, octets(box), box.size(), octets(associated),
      associated.size(), octets(std::string_view(*bytes)), octets(key->bytes.reveal()));
  if (opened != 0) {
    return fail(ErrorCode::internal, "a sealed secret was altered, or belongs elsewhere");
  }
  return Secret(std::move(plain));
}

bool SealedBox::is_outdated(std::string_view sealed) const {
  return !sealed.starts_with(std::string(kForm) + keys_.front().id + ".");
}

}  // namespace belfry::auth
