#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::domain {

// Stored as bits of an endpoint's filter: never renumber.
enum class EventType : std::uint8_t {
  submitted = 0,
  started = 1,
  retrying = 2,
  completed = 3,
  failed = 4,
  cancelled = 5,
  expired = 6,
  test = 7,
};
inline constexpr int kEventTypeCount = 8;

std::string_view name(EventType type);  // "task.completed", "webhook.test"
std::optional<EventType> parse_event_type(std::string_view text);
constexpr bool is_terminal(EventType type) {
  return type >= EventType::completed && type <= EventType::expired;
}
constexpr std::uint32_t bit(EventType type) {
  return 1U << static_cast<unsigned>(type);
}
inline constexpr std::uint32_t kAllTaskEvents = 0x7f;

// An event on its way to the outbox: its body is finished JSON text of one object, without the
// per-endpoint sequence number, which the sender splices in as first member `sequence`.
struct EventDraft {
  EventType type = EventType::submitted;
  std::string body;
};

}  // namespace belfry::domain
