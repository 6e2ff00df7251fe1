// Cursors: any text is read without harm, and only the one spelling of one that we made for this
// tenant and filter is taken.
#include <cstdint>
#include <string_view>

#include "api/cursor.hpp"
#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const belfry::TenantId tenant{{1, 2}};
  if (const auto position = belfry::api::read_cursor(tenant, "tasks?", text)) {
    CHECK(belfry::api::make_cursor(tenant, "tasks?", *position) == text);
  }
  if (size < 16) return 0;
  belfry::Uuid place;
  for (std::size_t i = 0; i < 16; ++i)
    (i < 8 ? place.high : place.low) = (i < 8 ? place.high : place.low) << 8 | data[i];
  const auto scope = text.substr(16);
  const auto cursor = belfry::api::make_cursor(tenant, scope, place);
  const auto read = belfry::api::read_cursor(tenant, scope, cursor);
  CHECK(read && *read == place);
  CHECK(!belfry::api::read_cursor(belfry::TenantId{{1, 3}}, scope, cursor));
  return 0;
}
