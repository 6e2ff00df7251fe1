#include "auth/scopes.hpp"

#include <array>

namespace belfry::auth {
namespace {

struct Row {
  Scope scope;
  std::string_view name;
};

constexpr std::array kRows = {
    Row{Scope::tasks_read, "tasks:read"}, Row{Scope::tasks_write, "tasks:write"},
    Row{Scope::worker, "worker"},         Row{Scope::manage, "manage"},
    Row{Scope::operator_, "operator"},
};
constexpr std::uint32_t kKnownBits = 31;

std::optional<Scope> find(std::string_view name) {
  for (const auto& row : kRows) {
    if (row.name == name) return row.scope;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Scopes> Scopes::from_bits(std::uint32_t bits) {
  if ((bits & ~kKnownBits) != 0) return std::nullopt;
  Scopes scopes;
  scopes.bits_ = bits;
  return scopes;
}

std::string to_string(Scopes scopes) {
  std::string text;
  for (const auto& row : kRows) {
    if (!scopes.contains(row.scope)) continue;
    if (!text.empty()) text += ' ';
    text += row.name;
  }
  return text;
}

Result<Scopes> parse_scopes(std::string_view text) {
  std::uint32_t bits = 0;
  while (!text.empty()) {
    const auto end = text.find(' ');
    const auto scope = find(text.substr(0, end));
    const bool trailing_space = end == text.size() - 1;
    if (!scope || trailing_space) {
      return fail(ErrorCode::validation_failed,
                  "unknown scope; the scopes are tasks:read, tasks:write, worker and manage, "
                  "separated by single spaces");
    }
    const auto bit = static_cast<std::uint32_t>(*scope);
    if ((bits & bit) != 0) return fail(ErrorCode::validation_failed, "a scope is named twice");
    bits |= bit;
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return *Scopes::from_bits(bits);
}

}  // namespace belfry::auth
