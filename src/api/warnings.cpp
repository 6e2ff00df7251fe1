#include "api/warnings.hpp"

namespace belfry::api {

void write_warnings(json::Writer& w, const Warnings& warnings) {
  if (warnings.empty()) return;
  w.key("warnings").begin_array();
  for (const auto& warning : warnings) {
    w.begin_object();
    w.key("code").string(warning.code);
    w.key("detail").string(warning.detail);
    w.end_object();
  }
  w.end_array();
}

}  // namespace belfry::api
