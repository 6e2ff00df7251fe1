#pragma once

#include <string_view>
#include <vector>

#include "api/body.hpp"

namespace belfry::api {

// The texts of a body that is an array, or (with the media type kLines) of its lines that are not
// blank, as views into `request.body`.
struct BulkItems {
  std::vector<std::string_view> texts;
  bool checked = false;  // each has passed json::check; else each is to be checked by itself
};

// At most `max` + 1 of them, so that the caller sees a list that is too long; nothing of a value
// that is no array. One item that json::check refuses is its own fault; only text that cannot be
// parted into items fails, as json::check does.
Result<BulkItems> bulk_items(const http::Request& request, std::size_t max);

}  // namespace belfry::api
