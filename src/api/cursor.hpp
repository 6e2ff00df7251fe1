#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/id.hpp"

namespace belfry::api {

// An opaque place in a list, bound to the tenant and to the filter it was made for (CONVENTIONS
// 2.10). `scope` is any canonical text of the list and its filter. It grants nothing: whoever
// forges one reads no more than their own list from another place.
std::string make_cursor(TenantId tenant, std::string_view scope, Uuid position);

// invalid_query if it is malformed, or was made for another tenant or filter.
Result<Uuid> read_cursor(TenantId tenant, std::string_view scope, std::string_view text);

}  // namespace belfry::api
