#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/writer.hpp"

namespace belfry::api {

// What was taken in another form than it was sent. The codes are part of the contract:
// `cut`, `characters_replaced`, `number_adjusted`, `taken_as_text` and `ignored`.
struct Warning {
  std::string_view code;
  std::string detail;
};
using Warnings = std::vector<Warning>;

// The member `warnings` of the answer; nothing while there are none.
void write_warnings(json::Writer& w, const Warnings& warnings);

}  // namespace belfry::api
