#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "http/destination_gate.hpp"
#include "store/nouns.hpp"

namespace belfry::dispatch {

using ParkedPlace = store::DestinationWrites::Place;

// What this process knows about the tasks that are parked in the store: for each destination the
// best place, so that nobody overtakes it, and whose turn the next probe is. Pure bookkeeping,
// single-threaded.
class Backlog {
 public:
  // A task is being put off.
  void park(const http::Destination& to, ParkedPlace place);
  // The store has taken a task that was put off.
  void settled(const http::Destination& to) const {
    if (on_settled_) on_settled_(to);
  }
  void on_settled(std::function<void(const http::Destination&)> listener) {
    on_settled_ = std::move(listener);
  }
  // A better place is parked there, so that a call from `place` has to wait, even if there is room.
  bool comes_first(const http::Destination& to, ParkedPlace place) const;

  // Between asking the store to unpark and its answer, others may be put off: their places count
  // beside the one that the store names as the best that stays.
  void unparking(const http::Destination& to);
  void unparked(const http::Destination& to, const std::vector<ParkedPlace>& tasks,
                std::optional<ParkedPlace> next);
  // What a scan of the store found there, before which `unparking` was called.
  void found(const http::Destination& to, ParkedPlace best);

  // The last task that was unparked there: probes take turns over the tasks behind it.
  std::optional<ParkedPlace> last_unparked(const http::Destination& to) const;
  // The handler of the origin whose turn the next probe is; nothing if none has parked tasks.
  std::optional<http::Destination> next_turn(TenantId tenant, const std::string& origin);

  std::vector<http::Destination> destinations() const;
  bool knows(TenantId tenant, const std::string& origin) const;
  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    std::optional<ParkedPlace> best;  // absent: only what was put off since `unparking`
    std::optional<ParkedPlace> put_off_since;
    std::optional<ParkedPlace> last_unparked;
  };
  std::map<http::Destination, Entry> entries_;
  std::function<void(const http::Destination&)> on_settled_;
  std::map<std::pair<TenantId, std::string>, std::string> turns_;  // the last handler
};

}  // namespace belfry::dispatch
