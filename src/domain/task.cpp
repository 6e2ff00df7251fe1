#include "domain/task.hpp"

#include <algorithm>
#include <array>

namespace belfry::domain {

namespace {

constexpr std::array<std::string_view, kStatusCount> kStatusNames = {
    "BLOCKED", "SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "EXPIRED"};

constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

constexpr bool is_queue_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string_view name(Status status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

std::optional<Status> parse_status(std::string_view text) {
  const auto same = [text](std::string_view candidate) {
    return std::ranges::equal(text, candidate, {}, upper);
  };
  const auto* const found = std::ranges::find_if(kStatusNames, same);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<Status>(found - kStatusNames.begin());
}

Lane lane_of(const std::optional<Target>& target) {
  if (!target) return Lane::by_queue_default;
  // Echo is run by the pushers: it needs no worker of the tenant's.
  return std::holds_alternative<WorkerTarget>(*target) ? Lane::worker : Lane::push;
}

std::int64_t rank(Timestamp ready_at, int priority, Millis aging) {
  return to_ms(ready_at) - priority * aging.count();
}

bool is_queue_name(std::string_view text) {
  return !text.empty() && text.size() <= kQueueNameCharsMax &&
         std::ranges::all_of(text, is_queue_char);
}

}  // namespace belfry::domain
