#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace belfry::dashboard {

struct StreamEvent {
  std::string id, name, data;
};

// Cuts a stream of server-sent events (WHATWG HTML 9.2, as the scheduler writes them) into events.
class EventReader {
 public:
  // Calls `tell` for each whole event. False once an event is longer than one may be.
  bool feed(std::string_view bytes, const std::function<void(const StreamEvent&)>& tell);

 private:
  std::string rest_;
};

}  // namespace belfry::dashboard
