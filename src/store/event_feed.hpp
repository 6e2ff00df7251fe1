#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "store/backend.hpp"

namespace belfry::store {

struct FeedItem {
  std::uint64_t number = 0;  // per tenant, without gaps
  TaskChange change;
};

// Live events (SSE): a bounded ring in memory per tenant that somebody listens to (DESIGN section
// 4). Event ids are `<boot id>-<number>`. A tenant's ring is kept for ten minutes after its last
// listener, so that one who reconnects resumes. Thread-safe.
class EventFeed {
 public:
  struct Options {
    std::size_t ring_items = 2'048;
    // Of all rings together: what each ring may hold shrinks as there are more, to
    // `ring_items_min`.
    std::size_t items = 256 * 1'024;
    std::size_t ring_items_min = 64;
    std::size_t rings = 1'024;  // tenants with rings at once; the one idle longest goes first
  };
  EventFeed(Options options, std::string boot_id, const Clock& clock);
  ~EventFeed();

  void on_commit(const Committed& committed);  // a Gateway listener

  class Subscription {
   public:
    Subscription() = default;
    ~Subscription();
    Subscription(Subscription&&) noexcept;
    Subscription& operator=(Subscription&&) noexcept;

   private:
    friend class EventFeed;
    struct Entry;
    std::shared_ptr<Entry> entry_;
  };
  // `wake` is called (on any thread; it only notifies) when there is something to take, when the
  // tenant's configuration has changed, and by `wake`.
  [[nodiscard]] Subscription subscribe(TenantId tenant, std::function<void()> wake);

  // Wakes all listeners of a tenant: something beside its events wants a look.
  void wake(TenantId tenant);

  struct Batch {
    std::vector<FeedItem> items = {};
    std::uint64_t position = 0;  // pass to the next take
    bool reset = false;          // what was asked for is gone: read the list again
  };
  // Up to `limit` items after `position`.
  Batch take(TenantId tenant, std::uint64_t position, std::size_t limit);
  // The position a new listener starts at: after the newest, or where `last_event_id` says (a
  // malformed, foreign or lost id: the newest, with `reset`).
  Batch start(TenantId tenant, std::optional<std::string_view> last_event_id);
  std::string event_id(std::uint64_t number) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::store
