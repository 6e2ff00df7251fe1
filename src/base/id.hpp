#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace belfry {

// 128 bits of RFC 9562 UUID, compared as big-endian bytes (so v7 ids sort by creation).
struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Uuid&) const = default;
};

// Lower-case 36-character text.
std::string to_string(const Uuid& uuid);
// Accepts exactly the 36-character form, in either case; nothing else.
std::optional<Uuid> parse_uuid(std::string_view text);

// Ids of different things are different types: passing the wrong one does not compile.
template <class Tag>
struct Id {
  Uuid uuid;
  auto operator<=>(const Id&) const = default;
  explicit operator bool() const { return uuid != Uuid{}; }
};

template <class Tag>
std::string to_string(const Id<Tag>& id) {
  return to_string(id.uuid);
}

template <class I>
std::optional<I> parse_id(std::string_view text) {
  const auto uuid = parse_uuid(text);
  return uuid ? std::optional<I>(I{*uuid}) : std::nullopt;
}

using TaskId = Id<struct TaskTag>;
using TenantId = Id<struct TenantTag>;
using ApiKeyId = Id<struct ApiKeyTag>;
using EndpointId = Id<struct EndpointTag>;
using DeliveryId = Id<struct DeliveryTag>;

// Makes UUIDv7: 48 bits of milliseconds, a 12-bit counter, 62 random bits. Within one generator
// `high` rises strictly, also when the clock steps back and when more than 4,096 ids fall into one
// millisecond (the next milliseconds are borrowed): a store may key rows by `high` alone.
// Thread-safe.
class IdGenerator {
 public:
  // Ids start above `floor_high` (the highest that the store holds; 0 for none).
  IdGenerator(const Clock& clock, Random& random, std::uint64_t floor_high = 0);

  template <class I>
  I make() {
    return I{next()};
  }
  // The time that an id carries: that of its making, or later while ids run ahead of the clock.
  static Timestamp time_of(const Uuid& uuid);
  // When what has this id was made, if the clock showed `now` just then: the time in the id, but
  // `now` where ids run ahead of a clock that was set back before this start.
  static Timestamp time_made(const Uuid& uuid, Timestamp now);

 private:
  Uuid next();

  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::uint64_t last_tick_ = 0;  // milliseconds << 12 | counter
};

// `high` of a v7 id without the version nibble: 60 bits that sort like the id and fit an int64.
constexpr std::int64_t compact_high(std::uint64_t high) {
  return static_cast<std::int64_t>((high >> 16 << 12) | (high & 0xfff));
}
constexpr std::uint64_t expand_high(std::int64_t compact) {
  const auto tick = static_cast<std::uint64_t>(compact);
  return (tick >> 12 << 16) | 0x7000 | (tick & 0xfff);
}

}  // namespace belfry

template <class Tag>
struct std::hash<belfry::Id<Tag>> {
  std::size_t operator()(const belfry::Id<Tag>& id) const noexcept {
    return static_cast<std::size_t>((id.uuid.high * 0x9e3779b97f4a7c15ULL) ^ id.uuid.low);
  }
};
