#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace belfry::auth {

// What a key or token may do. The numbers are stored; never reuse one.
enum class Scope : std::uint32_t {
  tasks_read = 1,   // "tasks:read"
  tasks_write = 2,  // "tasks:write"
  worker = 4,       // claim, heartbeat, finish
  manage = 8,       // one's own queues, webhooks and keys
  operator_ = 16,   // "operator": /api/v1/admin, and no tenant
};

// A set of scopes.
class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr Scopes(std::initializer_list<Scope> scopes) {
    for (const auto scope : scopes) bits_ |= static_cast<std::uint32_t>(scope);
  }
  // The stored form; nothing if a bit is unknown.
  static std::optional<Scopes> from_bits(std::uint32_t bits);
  // All that a tenant's key may hold.
  static constexpr Scopes all_of_tenant() {
    return {Scope::tasks_read, Scope::tasks_write, Scope::worker, Scope::manage};
  }

  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool contains(Scope scope) const { return intersects(Scopes{scope}); }
  constexpr bool intersects(Scopes other) const { return (bits_ & other.bits_) != 0; }
  // Is every scope of `other` held? A key creates only keys whose scopes it includes.
  constexpr bool includes(Scopes other) const { return (other.bits_ & ~bits_) == 0; }
  bool operator==(const Scopes&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

// Space-separated names in a fixed order, as in the `scope` of OAuth2 (RFC 6749).
std::string to_string(Scopes scopes);
// Names separated by single spaces, in any order; no name is an empty set. Fails with
// validation_failed on an unknown or repeated name.
Result<Scopes> parse_scopes(std::string_view text);

}  // namespace belfry::auth
