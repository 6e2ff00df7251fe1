// Cursors: see cursor_oracle.hpp.
#include <cstdint>

#include "api/cursor.hpp"
#include "cursor_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const belfry::fuzz::Cursors cursors{
      belfry::api::make_cursor,
      [](belfry::TenantId tenant, std::string_view scope, std::string_view text) {
        const auto place = belfry::api::read_cursor(tenant, scope, text);
        return place ? std::optional(*place) : std::nullopt;
      }};
  belfry::fuzz::abort_on(
      belfry::fuzz::judge_cursor({reinterpret_cast<const char*>(data), size}, cursors));
  return 0;
}
