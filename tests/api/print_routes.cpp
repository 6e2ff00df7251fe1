// Prints every route of the API: its method, its path and who may call it (the scopes of a tenant,
// `operator`, or `anyone`).
#include <fmt/format.h>

#include <string>

#include "api/app.hpp"

namespace {

std::string who(const belfry::api::Access& access) {
  using Who = belfry::api::Access::Who;
  if (access.who == Who::anyone) return "anyone";
  if (access.who == Who::operator_) return "operator";
  return to_string(access.scope);
}

}  // namespace

int main() {
  for (const auto& route : belfry::api::all_routes()) {
    fmt::print("{} {} {}\n", belfry::http::name(route.method), route.pattern, who(route.access));
  }
}
