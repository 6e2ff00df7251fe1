#include "dashboard/event_reader.hpp"

namespace belfry::dashboard {
namespace {

constexpr std::size_t kEventBytesMax = 256 * 1024;

StreamEvent event_of(std::string_view block) {
  StreamEvent event;
  while (!block.empty()) {
    const auto end = block.find('\n');
    const auto line = block.substr(0, end);
    block.remove_prefix(end == block.npos ? block.size() : end + 1);
    const auto colon = line.find(':');
    if (colon == line.npos || colon == 0) continue;  // no field, or a comment
    auto value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    const auto name = line.substr(0, colon);
    if (name == "id") event.id = value;
    if (name == "event") event.name = value;
    if (name == "data") {
      if (!event.data.empty()) event.data += '\n';
      event.data += value;
    }
  }
  return event;
}

}  // namespace

bool EventReader::feed(std::string_view bytes,
                       const std::function<void(const StreamEvent&)>& tell) {
  rest_ += bytes;
  std::string_view left = rest_;
  for (auto end = left.find("\n\n"); end != left.npos; end = left.find("\n\n")) {
    const auto event = event_of(left.substr(0, end));
    left.remove_prefix(end + 2);
    if (!event.name.empty()) tell(event);
  }
  rest_.erase(0, rest_.size() - left.size());
  return rest_.size() <= kEventBytesMax;
}

}  // namespace belfry::dashboard
