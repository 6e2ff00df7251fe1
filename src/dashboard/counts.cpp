#include "dashboard/counts.hpp"

#include <array>

#include "json/check.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace belfry::dashboard {

std::optional<std::string> counts_of(std::string_view metrics) {
  constexpr std::array kNames = {"pending", "scheduled", "running", "completed",
                                 "failed",  "cancelled", "expired", "total"};
  constexpr int kDepthMax = 32;
  if (!json::check(metrics, kDepthMax)) return std::nullopt;
  const json::Value value(metrics);
  std::string out;
  json::Writer w(out);
  w.begin_object();
  for (const auto* name : kNames) {
    const auto member = value.find(name);
    const auto count = member ? member->int64() : std::nullopt;
    if (!count) return std::nullopt;
    w.key(name).number(*count);
  }
  w.end_object();
  return out;
}

}  // namespace belfry::dashboard
