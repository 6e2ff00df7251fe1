#include "base/encoding.hpp"
#include "store/failure.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

std::string uuid_bytes(const Uuid& uuid) {
  std::string bytes(16, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(uuid.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(uuid.low >> (56 - 8 * i));
  }
  return bytes;
}

Uuid uuid_from(std::string_view bytes) {
  if (bytes.size() != 16) throw Broken("an id in the database is not 16 bytes long");
  Uuid uuid;
  for (std::size_t i = 0; i < 8; ++i) {
    uuid.high = uuid.high << 8 | static_cast<unsigned char>(bytes[i]);
    uuid.low = uuid.low << 8 | static_cast<unsigned char>(bytes[8 + i]);
  }
  return uuid;
}

namespace {

// Stands between fields, so that bytes cannot move from one to the next unnoticed.
constexpr std::string_view kSeparator{"\0", 1};

}  // namespace

std::uint32_t body_checksum(std::string_view name, std::string_view options,
                            std::string_view payload) {
  auto sum = crc32(kSeparator, crc32(name));
  sum = crc32(kSeparator, crc32(options, sum));
  return crc32(payload, sum);
}

std::uint32_t outcome_checksum(domain::Status status, std::string_view error,
                               std::string_view result) {
  const char number = static_cast<char>(status);
  const auto sum = crc32(kSeparator, crc32(error, crc32({&number, 1})));
  return crc32(result, sum);
}

}  // namespace belfry::store::sqlite
