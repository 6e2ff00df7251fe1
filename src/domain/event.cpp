#include "domain/event.hpp"

#include <algorithm>
#include <array>

namespace belfry::domain {

namespace {

constexpr std::array<std::string_view, kEventTypeCount> kNames = {
    "task.submitted", "task.started",   "task.retrying", "task.completed",
    "task.failed",    "task.cancelled", "task.expired",  "webhook.test"};

}  // namespace

std::string_view name(EventType type) {
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<EventType> parse_event_type(std::string_view text) {
  const auto* const found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<EventType>(found - kNames.begin());
}

}  // namespace belfry::domain
