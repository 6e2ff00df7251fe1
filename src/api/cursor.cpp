#include "api/cursor.hpp"

#include <sodium/crypto_generichash.h>

#include <array>

#include "base/encoding.hpp"
#include "base/secret.hpp"

namespace belfry::api {
namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kBytes = 1 + 16 + kTagBytes;
constexpr char kVersion = 1;

void append(std::string& out, std::uint64_t word) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift);
}

std::uint64_t word_at(std::string_view bytes, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word = word << 8 | static_cast<unsigned char>(bytes[at + i]);
  return word;
}

std::string tag(TenantId tenant, std::string_view scope, std::string_view head) {
  std::string input;
  append(input, tenant.uuid.high);
  append(input, tenant.uuid.low);
  input += head;
  input += scope;
  std::array<unsigned char, kTagBytes> hash{};
  ::crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(input.data()), input.size(), nullptr,
                       0);
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

std::string make_cursor(TenantId tenant, std::string_view scope, Uuid position) {
  std::string bytes(1, kVersion);
  append(bytes, position.high);
  append(bytes, position.low);
  bytes += tag(tenant, scope, bytes);
  return base64url_encode(bytes);
}

Result<Uuid> read_cursor(TenantId tenant, std::string_view scope, std::string_view text) {
  const auto wrong = [] {
    return fail(Error{ErrorCode::invalid_query,
                      "cursor does not belong to this list and filter: start again without it, and "
                      "follow the Link header as it is",
                      {{"cursor", "not a cursor of this list"}}});
  };
  if (text.size() > 2 * kBytes) return wrong();
  const auto bytes = base64url_decode(text);
  if (!bytes || bytes->size() != kBytes || bytes->front() != kVersion) return wrong();
  const std::string_view view = *bytes;
  const auto head = view.substr(0, kBytes - kTagBytes);
  if (!constant_time_equal(tag(tenant, scope, head), view.substr(head.size()))) return wrong();
  return Uuid{word_at(view, 1), word_at(view, 9)};
}

}  // namespace belfry::api
