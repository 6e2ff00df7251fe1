#include "fields.hpp"

namespace notification {

Fields fields_of(const belfry::client::Json& recipient) {
  Fields fields;
  for (const auto& [name, value] : recipient.members()) {
    if (value.is_null()) {
      fields.emplace_back(name, "");
    } else {
      fields.emplace_back(name, value.is_string() ? value.string_or("") : value.dump());
    }
  }
  return fields;
}

}  // namespace notification
