#include "cursor_oracle.hpp"

namespace belfry::fuzz {

Fault judge_cursor(std::string_view input, const Cursors& cursors) {
  const TenantId tenant{{1, 2}}, other{{1, 3}};
  if (const auto position = cursors.read(tenant, "tasks?", input)) {
    if (cursors.make(tenant, "tasks?", *position) != input) return "a second spelling is taken";
  }
  if (input.size() < 16) return {};
  Uuid place;
  for (std::size_t i = 0; i < 16; ++i) {
    auto& half = i < 8 ? place.high : place.low;
    half = half << 8 | static_cast<unsigned char>(input[i]);
  }
  const auto scope = input.substr(16);
  const auto cursor = cursors.make(tenant, scope, place);
  if (cursors.read(tenant, scope, cursor) != place) return "a cursor does not read back";
  if (cursors.read(other, scope, cursor)) return "another tenant's cursor is taken";
  if (cursors.read(tenant, std::string(scope) + "&", cursor)) {
    return "another filter's cursor is taken";
  }
  for (const auto* tail : {"=", "A", "\n"}) {
    if (cursors.read(tenant, scope, cursor + tail)) return "a cursor with a tail is taken";
  }
  auto flipped = cursor;
  auto& digit = flipped[static_cast<unsigned char>(input[0]) % flipped.size()];
  digit = digit == 'A' ? 'B' : 'A';
  if (cursors.read(tenant, scope, flipped)) return "a changed cursor is taken";
  return {};
}

}  // namespace belfry::fuzz
